// Dale's sign and what it makes of a trained weight; docs/model.md#dales-sign,
// docs/model.md#three-ways-to-keep-a-sign.

const DALE_NONE: u32 = 0u;
const DALE_PRESYNAPTIC: u32 = 1u;
const DALE_POSTSYNAPTIC: u32 = 2u;
const REFLECT: u32 = 0u;
const CLAMP: u32 = 1u;
const SOFTPLUS: u32 = 2u;

// Area and inhibition (0 or 1) of a neuron.
struct Neuron {
    area: u32,
    inhibitory: u32,
}

// ±1, or 0 where there is no sign to keep.
fn sign_of(post: Neuron, pre: Neuron) -> f32 {
    if DALE == DALE_NONE {
        return 0.0;
    }
    let inhibitory = select(post.inhibitory, pre.inhibitory, DALE == DALE_PRESYNAPTIC);
    return select(1.0, -1.0, inhibitory == 1u);
}

// sign · M of `softplus`: zero on the diagonal and for negative weights between areas.
fn signed_mask(post: Neuron, pre: Neuron, diagonal: bool) -> f32 {
    let sign = sign_of(post, pre);
    return select(sign, 0.0, diagonal || (post.area != pre.area && sign < 0.0));
}

// W from what is trained in its place.
fn weight_of(stored: f32, post: Neuron, pre: Neuron, diagonal: bool) -> f32 {
    if SIGN == SOFTPLUS {
        return signed_mask(post, pre, diagonal) * softplus(stored);
    }
    return stored;
}
