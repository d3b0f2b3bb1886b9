// Workload W1 as a neuron of NEST 3.10, an extension module: model "w1".  benchmarks/w1.py has the equations; all numbers come
// as parameters, under the names they have there.  benchmarks/nest.py compiles it and wires a network of it.
// What a hand-written model may leave out is left out (recording, units, checks of parameters), for the sake of its speed.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "archiving_node.h"
#include "event.h"
#include "event_delivery_manager_impl.h"
#include "nest_extension_interface.h"
#include "random_generators.h"
#include "ring_buffer.h"

class W1 : public nest::ArchivingNode {
public:
    W1() = default;
    W1(const W1& other) : nest::ArchivingNode(other), p(other.p), s(other.s) {}  // buffers belong to one cell each

    using nest::Node::handle;
    using nest::Node::handles_test_event;

    size_t send_test_event(nest::Node& target, size_t receptor, nest::synindex, bool) override {
        nest::SpikeEvent event;
        event.set_sender(*this);
        return target.handles_test_event(event, receptor);
    }

    size_t handles_test_event(nest::SpikeEvent&, size_t receptor) override {
        if (receptor != 0) throw nest::UnknownReceptorType(receptor, get_name());
        return 0;
    }

    // A positive weight opens AMPA and NMDA receptors, a negative one GABA receptors.
    void handle(nest::SpikeEvent& event) override {
        const long due = event.get_rel_delivery_steps(nest::kernel().simulation_manager.get_slice_origin());
        const double weight = event.get_weight() * event.get_multiplicity();
        if (weight > 0) excited.add_value(due, weight);
        else inhibited.add_value(due, -weight);
    }

    void get_status(Dictionary& d) const override {
        for (const auto& [name, place] : PARAMETERS) d[name] = p.*place;
        d["v"] = s.v;
        d["spikes"] = s.spikes;
        nest::ArchivingNode::get_status(d);
    }

    void set_status(const Dictionary& d) override {
        nest::ArchivingNode::set_status(d);
        for (const auto& [name, place] : PARAMETERS) nest::update_value_param(d, name, p.*place, this);
        nest::update_value_param(d, "v", s.v, this);
    }

private:
    struct Parameters {
        double capacitance = 150, leak = 10, rest = -70, threshold = -50, sharpness = 2, adaptation_slope = 0,
               adaptation_jump = 0, adaptation_decay = 150, reset = -60, refractory = 2, background_weight = 0;
        double spike = -30, highest_exponent = 20, excitatory_reversal = 0, inhibitory_reversal = -75, ampa_decay = 2,
               nmda_rise = 2, nmda_decay = 80, nmda_alpha = 1, nmda_jump = 0, gaba_decay = 8, magnesium = 1,
               magnesium_half = 3.57, magnesium_slope = 0.062, background_rate = 0;
    };

    static constexpr std::pair<const char*, double Parameters::*> PARAMETERS[] = {
        {"capacitance", &Parameters::capacitance},
        {"leak", &Parameters::leak},
        {"rest", &Parameters::rest},
        {"threshold", &Parameters::threshold},
        {"sharpness", &Parameters::sharpness},
        {"adaptation_slope", &Parameters::adaptation_slope},
        {"adaptation_jump", &Parameters::adaptation_jump},
        {"adaptation_decay", &Parameters::adaptation_decay},
        {"reset", &Parameters::reset},
        {"refractory", &Parameters::refractory},
        {"background_weight", &Parameters::background_weight},
        {"spike", &Parameters::spike},
        {"highest_exponent", &Parameters::highest_exponent},
        {"excitatory_reversal", &Parameters::excitatory_reversal},
        {"inhibitory_reversal", &Parameters::inhibitory_reversal},
        {"ampa_decay", &Parameters::ampa_decay},
        {"nmda_rise", &Parameters::nmda_rise},
        {"nmda_decay", &Parameters::nmda_decay},
        {"nmda_alpha", &Parameters::nmda_alpha},
        {"nmda_jump", &Parameters::nmda_jump},
        {"gaba_decay", &Parameters::gaba_decay},
        {"magnesium", &Parameters::magnesium},
        {"magnesium_half", &Parameters::magnesium_half},
        {"magnesium_slope", &Parameters::magnesium_slope},
        {"background_rate", &Parameters::background_rate},
    };

    struct State {
        double v = -70, w = 0, ampa = 0, rise = 0, nmda = 0, gaba = 0;
        long wait = 0;    // steps for which v is still held
        long spikes = 0;  // so far
    };

    // What follows from the parameters and the step.
    struct Factors {
        double per_capacitance, per_sharpness, onset, per_decay, pore, keep_ampa, keep_rise, keep_nmda, keep_gaba, alpha;
        long wait;
    };

    void init_buffers_() override {
        excited.clear();
        inhibited.clear();
        nest::ArchivingNode::clear_history();
    }

    void pre_run_hook() override {
        const double dt = nest::Time::get_resolution().get_ms();
        f = {dt / p.capacitance, 1 / p.sharpness, p.leak * p.sharpness, dt / p.adaptation_decay, p.magnesium / p.magnesium_half,
             1 - dt / p.ampa_decay, 1 - dt / p.nmda_rise, 1 - dt / p.nmda_decay, 1 - dt / p.gaba_decay, dt * p.nmda_alpha,
             std::lround(p.refractory / dt)};
        events.param(nest::poisson_distribution::param_type(p.background_rate * dt));
        random = nest::get_vp_specific_rng(get_thread());
    }

    // Steps `from` to `to` of a slice: background, Euler, threshold, events that are due, reset.
    void update(const nest::Time& origin, const long from, const long to) override {
        for (long lag = from; lag < to; lag++) {
            s.ampa += p.background_weight * events(random);
            const double v = s.v, w = s.w;
            if (s.wait > 0) s.wait--;
            if (s.wait == 0) {
                const double upstroke = f.onset * std::exp(std::min((v - p.threshold) * f.per_sharpness, p.highest_exponent));
                const double open = s.nmda / (1 + f.pore * std::exp(-p.magnesium_slope * v));
                const double current = p.leak * (p.rest - v) + upstroke - w + (s.ampa + open) * (p.excitatory_reversal - v)
                                       + s.gaba * (p.inhibitory_reversal - v);
                s.v = v + f.per_capacitance * current;
            }
            const bool spiking = s.wait == 0 && s.v > p.spike;
            const double arriving = excited.get_value(lag);
            s.w = w + f.per_decay * (p.adaptation_slope * (v - p.rest) - w);
            s.nmda = s.nmda * f.keep_nmda + f.alpha * s.rise;
            s.ampa = s.ampa * f.keep_ampa + arriving;
            s.rise = s.rise * f.keep_rise + p.nmda_jump * arriving;
            s.gaba = s.gaba * f.keep_gaba + inhibited.get_value(lag);
            if (spiking) {
                s.v = p.reset;
                s.w += p.adaptation_jump;
                s.wait = f.wait;
                s.spikes++;
                set_spiketime(nest::Time::step(origin.get_steps() + lag + 1));
                nest::SpikeEvent event;
                nest::kernel().event_delivery_manager.send(*this, event, lag);
            }
        }
    }

    Parameters p;
    State s;
    Factors f;
    nest::RngPtr random = nullptr;
    nest::poisson_distribution events;
    nest::RingBuffer excited, inhibited;
};

class Module : public nest::NESTExtensionInterface {
public:
    void initialize() override { nest::register_node_model<W1>("w1"); }
};

Module module;  // NEST looks for it under this name
