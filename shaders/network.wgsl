// What the host sets for a network, and what a training step leaves for it.

// Of one training step, in which each network is at its own.
struct Turn {
    step: u32,      // number of the step, from 1; 0: the network rests
    step_size: f32, // lr_t, bias correction included
}

struct Settings {
    clip_norm: f32,
    regularisation: f32,
    goal: f32,            // the loss that ends training
    min_improvement: f32,
    patience: u32,
    pad_a: u32,
    pad_b: u32,
    pad_c: u32,
}

struct Record {
    loss: f32,      // of the parameters before the update
    data_term: f32,
    reg_term: f32,
    grad_norm: f32, // before clipping
    clip_scale: f32,
    best_loss: f32,
    best_step: u32, // 0: none yet
    steps_since_best: u32,
    step: u32,      // steps done; the last one wrote this
    stop: u32,      // 0 running, 1 target, 2 patience, 3 diverged
    improved: u32,  // 1: this step's parameters are the best so far
    update: u32,    // 1: this step updates the parameters
}
