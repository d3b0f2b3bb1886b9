// Workload W1 in plain C++: `w1 FOLDER SECONDS SEED` prints one line of JSON.  benchmarks/w1.py has the equations and numbers.
// Every class fills whole vectors; the cells that fill it up are refractory for ever.
#include "common.h"

using std::string;

struct Class {
    float capacitance, leak, rest, threshold, sharpness, slope, jump, decay, reset, background;
    int refractory;  // steps
};

struct Shared {
    float step, spike, highest, excitatory, inhibitory, ampa, rise, nmda, alpha, nmda_jump, gaba, pore, relief;
    uint32_t chance[4];  // that a step has at least so many background events
};

struct Cells {
    vector<float> v, w, ampa, rise, nmda, gaba;
    vector<int> wait;  // steps for which v is still held
    vector<uint32_t> random;
    Flags spiking;

    Cells(const string& folder, uint64_t seed)
        : v(load<float>(folder, "start")), w(v.size()), ampa(v.size()), rise(v.size()), nmda(v.size()), gaba(v.size()),
          wait(load<int>(folder, "wait")), random(generators(v.size(), seed)), spiking(int(v.size())) {}
};

// Contacts by source, and what is under way through them: a ring with one row of sums over the cells for every step to come.
class Synapses {
public:
    Synapses(const string& folder, const string& kind, int cells_) : cells(cells_), first(cells + 1) {
        const auto source = load<int>(folder, kind + ".source"), target = load<int>(folder, kind + ".target");
        offset = load<int>(folder, kind + ".delay");
        weight = load<float>(folder, kind + ".weight");
        for (int s : source) first[s + 1]++;
        for (int i = 0; i < cells; i++) first[i + 1] += first[i];
        rows = 1 + *std::max_element(offset.begin(), offset.end());
        for (size_t k = 0; k < offset.size(); k++) offset[k] = offset[k] * cells + target[k];
        sums.assign(size_t(rows) * cells, 0.0f);
    }

    float* arriving(long step) { return &sums[size_t(step % rows) * cells]; }

    // Ask for the contacts of a cell that are about to be sent: without it delivery waits for memory.
    void fetch(int cell) const {
        for (int k = first[cell]; k < first[cell + 1]; k += 16) {
            __builtin_prefetch(&offset[k]);
            __builtin_prefetch(&weight[k]);
        }
    }

    // Put a spike under way; how many events it makes.
    int send(int cell, long step) {
        const int here = int(step % rows) * cells, size = rows * cells, end = first[cell + 1];
        float* __restrict sum = sums.data();
        for (int k = first[cell]; k < end; k++) {
            int place = here + offset[k];
            place -= place >= size ? size : 0;
            sum[place] += weight[k];
        }
        return end - first[cell];
    }

private:
    int cells, rows;
    vector<int> first, offset;  // offset: delay in rows and target in one number
    vector<float> weight, sums;
};

// One step of the cells from `begin` to `end`, all of class `c`: background, Euler, threshold, events that are due.
void update(const Class c, const Shared s, int begin, int end, Cells& cells, float* __restrict excited,
            float* __restrict inhibited) {
    float *__restrict v = cells.v.data(), *__restrict w = cells.w.data(), *__restrict ampa = cells.ampa.data();
    float *__restrict rise = cells.rise.data(), *__restrict nmda = cells.nmda.data(), *__restrict gaba = cells.gaba.data();
    int* __restrict wait = cells.wait.data();
    uint32_t* __restrict random = cells.random.data();
    uint8_t* __restrict spiking = cells.spiking.raised.data();
    const uint32_t one = s.chance[0], two = s.chance[1], three = s.chance[2], four = s.chance[3];
    const float dt = s.step, per_capacitance = dt / c.capacitance, per_sharpness = 1 / c.sharpness, onset = c.leak * c.sharpness;
    const float per_decay = dt / c.decay;
    const float keep_ampa = 1 - dt / s.ampa, keep_rise = 1 - dt / s.rise;
    const float keep_nmda = 1 - dt / s.nmda, keep_gaba = 1 - dt / s.gaba;
#pragma GCC ivdep
    for (int i = begin; i < end; i++) {
        const uint32_t draw = xorshift(random[i]);
        const int events = (draw < one) + (draw < two) + (draw < three) + (draw < four);
        const float v_old = v[i], w_old = w[i], g_ampa = ampa[i] + c.background * events;
        const float upstroke = onset * exponential(std::min((v_old - c.threshold) * per_sharpness, s.highest));
        const float open = nmda[i] / (1 + s.pore * exponential(-s.relief * v_old));
        const float current = c.leak * (c.rest - v_old) + upstroke - w_old + (g_ampa + open) * (s.excitatory - v_old)
                              + gaba[i] * (s.inhibitory - v_old);
        const int less = wait[i] - 1, left = less > 0 ? less : 0;  // std::max keeps the loop from being vectorised
        const float v_new = left == 0 ? v_old + per_capacitance * current : v_old;
        spiking[i] = (left == 0) & (v_new > s.spike);
        v[i] = v_new;
        w[i] = w_old + per_decay * (c.slope * (v_old - c.rest) - w_old);
        nmda[i] = nmda[i] * keep_nmda + dt * s.alpha * rise[i];
        ampa[i] = g_ampa * keep_ampa + excited[i];
        rise[i] = rise[i] * keep_rise + s.nmda_jump * excited[i];
        gaba[i] = gaba[i] * keep_gaba + inhibited[i];
        wait[i] = left;
        random[i] = draw;
        excited[i] = inhibited[i] = 0;
    }
}

Shared shared(const string& folder) {
    const auto number = [&](const string& name) { return load<float>(folder, "shared." + name)[0]; };
    Shared s = {number("step"), number("spike"), number("highest_exponent"), number("excitatory_reversal"),
                number("inhibitory_reversal"), number("ampa_decay"), number("nmda_rise"), number("nmda_decay"),
                number("nmda_alpha"), number("nmda_jump"), number("gaba_decay"),
                number("magnesium") / number("magnesium_half"), number("magnesium_slope"), {}};
    const auto chance = load<float>(folder, "chance");
    std::transform(chance.begin(), chance.begin() + 4, s.chance, below);
    return s;
}

Class cell_class(const string& folder, int k, float step) {
    const auto number = [&](const string& name) { return load<float>(folder, "class." + name)[k]; };
    return {number("capacitance"), number("leak"), number("rest"), number("threshold"), number("sharpness"),
            number("adaptation_slope"), number("adaptation_jump"), number("adaptation_decay"), number("reset"),
            number("background_weight"), int(std::lround(number("refractory") / step))};
}

int main(int argc, char** argv) {
    if (argc != 4) return std::fprintf(stderr, "w1 FOLDER SECONDS SEED\n"), 2;
    const string folder = argv[1];
    const auto bounds = load<int>(folder, "bounds");
    const Shared s = shared(folder);
    vector<Class> classes;
    vector<int> class_of;
    for (int k = 0; k < 4; k++) {
        classes.push_back(cell_class(folder, k, s.step));
        class_of.insert(class_of.end(), bounds[k + 1] - bounds[k], k);
    }
    Cells cells(folder, std::strtoull(argv[3], nullptr, 10));
    Synapses excitatory(folder, "excitatory", bounds[4]), inhibitory(folder, "inhibitory", bounds[4]);
    const auto synapses = [&](int cell) -> Synapses& { return class_of[cell] == 0 ? excitatory : inhibitory; };

    const double step_s = s.step * 1e-3;
    const long warm_up = std::lround(WARM_UP / step_s), steps = std::lround(std::atof(argv[2]) / step_s);
    vector<int> spikes;
    Tally tally;
    for (long step = 0; step < warm_up + steps; step++) {
        if (step == warm_up) tally = Tally();
        float *excited = excitatory.arriving(step), *inhibited = inhibitory.arriving(step);
        for (int k = 0; k < 4; k++) update(classes[k], s, bounds[k], bounds[k + 1], cells, excited, inhibited);
        cells.spiking.collect(spikes);
        tally.meter.lap(Meter::CELLS);
        for (int i : spikes) synapses(i).fetch(i);
        for (int i : spikes) {
            const int k = class_of[i];
            cells.v[i] = classes[k].reset;
            cells.w[i] += classes[k].jump;
            cells.wait[i] = classes[k].refractory;
            tally.spikes[k]++;
        }
        for (int i : spikes) tally.events += synapses(i).send(i, step);
        tally.meter.lap(Meter::EVENTS);
    }
    tally.print(load<int>(folder, "counts"), steps, step_s);
}
