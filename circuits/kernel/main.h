// The program: stands after the generated text, whose names it uses.
prelimbic::Engine engine(prelimbic::Network{
    ARRAYS, GROUPS, TRACES, SPARE, CHANGED, tell_time, draw, update, deliver, reset, recorded, sample, trace});
int main() {
    // Ctrl-C and a time limit are its owner's business; it goes when its owner has gone.
    for (const int told : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU}) std::signal(told, SIG_IGN);
    if (sizeof(Real) == sizeof(float)) prelimbic::flush_denormals();
    prelimbic::give_back_memory();
    engine.serve();
}
