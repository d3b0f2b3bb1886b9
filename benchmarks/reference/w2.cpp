// Workload W2 in plain C++: `w2 FOLDER SECONDS SEED` prints one line of JSON.  circuits/equations.py has the equations, and
// files of the folder the constants, in SI units, by the names that they have there: of all cells, of every population, and,
// where cells of a population differ, of every cell.
//
// A place is a compartment that contacts can stand on: the soma of cell i is place i, the dendrite of Pyr cell i place cells + i.
// Outlet 5 i + T stands for all contacts of cell i on somata of population T, outlet 5 i + 4 for those on dendrites.  Every
// population fills whole vectors; the cells that fill it up are refractory for ever.
#include "common.h"

using std::string;

const string SUBUNITS[4] = {"2A", "2B", "2C", "2D"};
const string POPULATIONS[4] = {"Pyr", "PV", "SST", "VIP"};
const float STEP_S = 1e-4f;

// Arrays over cells, v_apical over Pyr cells.  Plain pointers, handed on by value: those of vectors would be read anew for
// every cell.
struct Cells {
    float *v, *adapt, *v_apical;
    int* wait;  // steps for which v is still held
    const float *rest, *threshold;
    uint8_t* raised;
};

// Arrays over places.
struct Places {
    float *ampa, *fast, *slow, *nmda[4];
    uint32_t* random;

    Places from(int i) const {
        return {ampa + i, fast + i, slow + i, {nmda[0] + i, nmda[1] + i, nmda[2] + i, nmda[3] + i}, random + i};
    }
};

struct Shared {
    float excitatory, inhibitory, hcn, magnesium, relief, saturation, keep_fast, keep_slow, tau[4], keep[4], per_half[4];
};

// What contacts find at the somata or dendrites of a population: background, and what a unit of release opens.
struct Input {
    float background_ampa, background_nmda[4], ampa, nmda[4];
    uint32_t chance[4];  // that a step has at least so many background events
};

struct Terminals { float use, recovery, facilitation; };

struct Population {
    Input soma;
    float leak, shut, slope, jump, reset, injected, per_capacitance, per_decay, keep_ampa, free[4];  // free: not blocked
    int refractory;  // steps
    Terminals terminals[4];
};

struct Dendrite {
    Input input;
    float leak, rest, shut, couple, tonic, kick, per_capacitance;
};

// Background and Euler step of the conductances at place i, where the potential is v: the synaptic current before the step.
[[gnu::always_inline]] inline float synaptic(const Places& x, const Input& input, const Population& p, const Shared& s, int i,
                                             float v) {
    const uint32_t draw = xorshift(x.random[i]), *chance = input.chance;
    const int events = (draw < chance[0]) + (draw < chance[1]) + (draw < chance[2]) + (draw < chance[3]);
    const float pore = s.magnesium * exponential(-s.relief * v);
    const auto open = [&](int k) {
        const float bound = x.nmda[k][i] + events * input.background_nmda[k];
        x.nmda[k][i] = bound * s.keep[k];
        return p.free[k] * bound / (1 + pore * s.per_half[k]);
    };
    const float ampa = x.ampa[i] + events * input.background_ampa, fast = x.fast[i], slow = x.slow[i];
    x.random[i] = draw;
    x.ampa[i] = ampa * p.keep_ampa;
    x.fast[i] = fast * s.keep_fast;
    x.slow[i] = slow * s.keep_slow;
    return (ampa + open(0) + open(1) + open(2) + open(3)) * (s.excitatory - v) + (fast + slow) * (s.inhibitory - v);
}

// Euler step and threshold of the soma of cell i; `current` flows into it through synapses and from the dendrite.
[[gnu::always_inline]] inline void integrate(const Cells& x, const Population& p, const Shared& s, int i, float current) {
    const float v = x.v[i], adapt = x.adapt[i], off_rest = v - x.rest[i];
    const float inward = current - p.leak * off_rest - p.shut * (s.hcn - v) - adapt + p.injected;
    const int less = x.wait[i] - 1, left = less > 0 ? less : 0;  // std::max keeps the loop from being vectorised
    const float v_new = left == 0 ? v + p.per_capacitance * inward : v;
    x.raised[i] = (left == 0) & (v_new > x.threshold[i]);
    x.v[i] = v_new;
    x.adapt[i] = adapt + p.per_decay * (p.slope * off_rest - adapt);
    x.wait[i] = left;
}

void update_pyramidal(const Cells x, const Places soma, const Places apical, const Population p, const Dendrite d, const Shared s,
                      int count) {
#pragma GCC ivdep
    for (int i = 0; i < count; i++) {
        const float v = x.v[i], v_apical = x.v_apical[i], coupled = d.couple * (v_apical - v);
        const float inward = synaptic(apical, d.input, p, s, i, v_apical) + d.tonic * (s.inhibitory - v_apical) - coupled
                             + d.leak * (d.rest - v_apical) - d.shut * (s.hcn - v_apical);
        integrate(x, p, s, i, synaptic(soma, p.soma, p, s, i, v) + coupled);
        x.v_apical[i] = v_apical + d.per_capacitance * inward;
    }
}

void update_others(const Cells x, const Places soma, const Population p, const Shared s, int begin, int end) {
#pragma GCC ivdep
    for (int i = begin; i < end; i++) integrate(x, p, s, i, synaptic(soma, p.soma, p, s, i, x.v[i]));
}

// What the terminals of a cell on one population remember of its last spikes (Tsodyks and Markram).
struct Memory { float u = 0, x = 1, bound[4] = {}; };

// A share of what contacts can release, and of it what receptors that are still free get.
struct Sent { float release, given[4]; };

// A spike, so many seconds after the one before; `kept` is the share of bound receptors that are bound still, by subunit.
Sent release(Memory& m, const Terminals& t, float elapsed, const float* kept, float saturation) {
    m.u *= exponential(-elapsed / t.facilitation);
    m.u += t.use * (1 - m.u);
    m.x = 1 - (1 - m.x) * exponential(-elapsed / t.recovery);
    Sent sent = {m.u * m.x, {}};
    m.x -= sent.release;
    for (int k = 0; k < 4; k++) {
        m.bound[k] *= kept[k];
        sent.given[k] = sent.release * (1 - m.bound[k]);
        m.bound[k] += saturation * sent.given[k];
    }
    return sent;
}

// What an outlet opens at its contacts, over their weight.
Sent opened(const Sent& sent, const Input& input) {
    Sent opened = {sent.release * input.ampa, {}};
    for (int k = 0; k < 4; k++) opened.given[k] = sent.given[k] * input.nmda[k];
    return opened;
}

// Contacts of one kind in rows of equal source and delay, and a ring of the rows that are due at every step to come.
class Fibres {
public:
    struct Contact {
        int place, outlet;
        float weight;
    };

    Fibres(const string& folder, const string& kind, int cells) : first(cells + 1) {
        const auto source = load<int>(folder, kind + ".source"), delay = load<int>(folder, kind + ".delay");
        const auto place = load<int>(folder, kind + ".place"), outlet = load<int>(folder, kind + ".outlet");
        const auto weight = load<float>(folder, kind + ".weight");
        for (int k = 0; k < int(source.size()); k++) {
            if (k == 0 || source[k] != source[k - 1] || delay[k] != delay[k - 1]) {
                rows.push_back({delay[k], {k, k, 5 * source[k]}});
                first[source[k] + 1]++;
            }
            rows.back().contacts.end++;
            contacts.push_back({place[k], outlet[k], weight[k]});
        }
        for (int i = 0; i < cells; i++) first[i + 1] += first[i];
        due.resize(1 + *std::max_element(delay.begin(), delay.end()));
    }

    void send(int cell, long step) {
        for (int r = first[cell]; r < first[cell + 1]; r++) due[(step + rows[r].delay) % due.size()].push_back(rows[r].contacts);
    }

    // Hand every contact that is due, with what its outlet opened at the last spike, to `open`; how many there were.
    template <typename Open>
    long deliver(long step, const vector<Sent>& sent, Open open) {
        // Rows are short and lie anywhere: without this, delivery waits for memory at each of them.
        for (const Range& next : due[(step + 1) % due.size()]) {
            __builtin_prefetch(&contacts[next.begin]);
            __builtin_prefetch(&sent[next.outlet]);
        }
        long events = 0;
        auto& arriving = due[step % due.size()];
        for (const Range& row : arriving) {
            for (int k = row.begin; k < row.end; k++) open(contacts[k], sent[contacts[k].outlet]);
            events += row.end - row.begin;
        }
        arriving.clear();
        return events;
    }

private:
    struct Range { int begin, end, outlet; };
    struct Row {
        int delay;
        Range contacts;
    };
    vector<Contact> contacts;
    vector<Row> rows;
    vector<int> first;
    vector<vector<Range>> due;
};

// Constants from the files of a folder.
struct Constants {
    string folder;

    float shared(const string& name) const { return load<float>(folder, "shared." + name)[0]; }
    float of(int population, const string& name) const { return load<float>(folder, "population." + name)[population]; }

    Shared shared() const {
        Shared s = {shared("E_exc"), shared("E_GABA"), shared("E_h"), shared("Mg"), shared("Mg_slope"), shared("saturation"),
                    1 - STEP_S / shared("tau_fast"), 1 - STEP_S / shared("tau_slow"), {}, {}, {}};
        for (int k = 0; k < 4; k++) {
            s.tau[k] = shared("tau_" + SUBUNITS[k]);
            s.keep[k] = 1 - STEP_S / s.tau[k];
            s.per_half[k] = 1 / shared("Mg_half_" + SUBUNITS[k]);
        }
        return s;
    }

    // `where` is what the names of the compartment end in, `chance` what those of its background's chances begin with.
    Input input(int population, const string& where, const string& chance) const {
        Input input = {of(population, "background_AMPA" + where), {}, of(population, "AMPA_left"), {}, {}};
        for (int k = 0; k < 4; k++) {
            input.background_nmda[k] = of(population, "background_" + SUBUNITS[k] + where);
            input.nmda[k] = of(population, "NMDA_" + SUBUNITS[k] + where);
            input.chance[k] = below(of(population, chance + std::to_string(k + 1)));
        }
        return input;
    }

    Population population(int i) const {
        Population p = {input(i, "", "p_"), of(i, "g_L"), of(i, "g_h_shut"), of(i, "a"), of(i, "b"), of(i, "v_reset"),
                        of(i, "I_injected"), STEP_S / of(i, "C"), STEP_S / of(i, "tau_adapt"), 1 - STEP_S / of(i, "tau_AMPA"),
                        {}, int(std::lround(of(i, "t_refractory") / STEP_S)), {}};
        for (int k = 0; k < 4; k++) {
            p.free[k] = 1 - of(i, "block_" + SUBUNITS[k]);
            const string on = "_" + POPULATIONS[k];
            p.terminals[k] = {of(i, "U" + on), of(i, "tau_rec" + on), of(i, "tau_facil" + on)};
        }
        return p;
    }

    Dendrite dendrite() const {
        return {input(0, "_apical", "q_"), of(0, "g_L_apical"), of(0, "E_L_apical"), of(0, "g_h_shut_apical"), of(0, "g_couple"),
                of(0, "g_tonic"), of(0, "v_kick"), STEP_S / of(0, "C_apical")};
    }
};

int main(int argc, char** argv) {
    if (argc != 4) return std::fprintf(stderr, "w2 FOLDER SECONDS SEED\n"), 2;
    const string folder = argv[1];
    const auto bounds = load<int>(folder, "bounds");
    const int pyramidal = bounds[1], all = bounds[4], place_count = all + pyramidal;

    const Constants constants{folder};
    const Shared s = constants.shared();
    const Dendrite dendrite = constants.dendrite();
    vector<Population> populations;
    vector<int> population_of;
    for (int k = 0; k < 4; k++) {
        populations.push_back(constants.population(k));
        population_of.insert(population_of.end(), bounds[k + 1] - bounds[k], k);
    }

    auto v = load<float>(folder, "cells.v"), v_apical = load<float>(folder, "cells.v_apical");
    const auto rest = load<float>(folder, "cells.E_L"), threshold = load<float>(folder, "cells.v_threshold");
    vector<float> adapt(all), conductances[7];
    auto wait = load<int>(folder, "cells.wait");
    Flags flags(all);
    for (auto& g : conductances) g.assign(place_count, 0.0f);
    auto& [ampa, fast_gaba, slow_gaba, nmda_2A, nmda_2B, nmda_2C, nmda_2D] = conductances;
    auto random = generators(place_count, std::strtoull(argv[3], nullptr, 10));
    const Cells cells = {v.data(), adapt.data(), v_apical.data(), wait.data(), rest.data(), threshold.data(),
                         flags.raised.data()};
    const Places places = {ampa.data(), fast_gaba.data(), slow_gaba.data(),
                           {nmda_2A.data(), nmda_2B.data(), nmda_2C.data(), nmda_2D.data()}, random.data()};

    vector<Memory> memories(4 * size_t(all));
    vector<Sent> sent(5 * size_t(all));
    vector<long> last(all);
    Fibres excitatory(folder, "excitatory", all), fast(folder, "fast", all), slow(folder, "slow", all);

    const auto spike = [&](int i, long step) {
        const Population& p = populations[population_of[i]];
        v[i] = p.reset;
        adapt[i] += p.jump;
        wait[i] = p.refractory;
        if (i < pyramidal) v_apical[i] += dendrite.kick;
        const float elapsed = (step - last[i]) * STEP_S;
        last[i] = step;
        float kept[4];
        for (int k = 0; k < 4; k++) kept[k] = exponential(-elapsed / s.tau[k]);
        Sent* out = &sent[5 * i];
        for (int t = 0; t < 4; t++) out[t] = release(memories[4 * i + t], p.terminals[t], elapsed, kept, s.saturation);
        if (i < pyramidal) {
            out[4] = opened(out[0], dendrite.input);
            for (int t = 0; t < 4; t++) out[t] = opened(out[t], populations[t].soma);
        } else {
            out[4] = out[0];
        }
        (i < pyramidal ? excitatory : i < bounds[2] ? fast : slow).send(i, step);
    };
    const auto excite = [&](const Fibres::Contact& c, const Sent& now) {
        places.ampa[c.place] += c.weight * now.release;
        for (int k = 0; k < 4; k++) places.nmda[k][c.place] += c.weight * now.given[k];
    };
    const auto inhibit_fast = [&](const Fibres::Contact& c, const Sent& now) { places.fast[c.place] += c.weight * now.release; };
    const auto inhibit_slow = [&](const Fibres::Contact& c, const Sent& now) { places.slow[c.place] += c.weight * now.release; };

    const long warm_up = std::lround(WARM_UP / STEP_S), steps = std::lround(std::atof(argv[2]) / STEP_S);
    vector<int> spikes;
    Tally tally;
    for (long step = 0; step < warm_up + steps; step++) {
        if (step == warm_up) tally = Tally();
        update_pyramidal(cells, places, places.from(all), populations[0], dendrite, s, pyramidal);
        for (int k = 1; k < 4; k++) update_others(cells, places, populations[k], s, bounds[k], bounds[k + 1]);
        flags.collect(spikes);
        tally.meter.lap(Meter::CELLS);
        tally.events += excitatory.deliver(step, sent, excite);
        tally.events += fast.deliver(step, sent, inhibit_fast) + slow.deliver(step, sent, inhibit_slow);
        for (int i : spikes) {
            spike(i, step);
            tally.spikes[population_of[i]]++;
        }
        tally.meter.lap(Meter::EVENTS);
    }
    tally.print(load<int>(folder, "counts"), steps, STEP_S);
}
