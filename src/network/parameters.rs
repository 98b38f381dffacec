//! The trainable parameters of one network as one flat vector, so that clipping, the optimiser and
//! checkpoints treat all groups alike.

use crate::dims::Dims;
use std::ops::Range;

/// A parameter group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Recurrent weights `W` (under `softplus` the trained `V`), `[N post × N pre]`.
    Recurrent,
    /// Input matrix number `g`, `[N × U]`.
    Input(usize),
    /// Constant current `I_ext`, `[N]`.
    Current,
    /// Time-constant parameters θ (`taus_param`), `[N]`.
    TimeConstant,
}

impl Group {
    /// The group's name in files and flags: `W`, `W_in`, `W_in2`, …, `I_ext`, `taus_param`.
    pub fn name(self) -> String {
        match self {
            Self::Recurrent => "W".into(),
            Self::Input(0) => "W_in".into(),
            Self::Input(g) => format!("W_in{}", g + 1),
            Self::Current => "I_ext".into(),
            Self::TimeConstant => "taus_param".into(),
        }
    }
}

/// Where each group stands in the flat vector: `W`, then `W_in`, `W_in2`, …, then `I_ext`, then θ; each row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// N.
    pub neurons: usize,
    /// U.
    pub channels: usize,
    /// G.
    pub input_groups: usize,
}

impl Layout {
    /// The layout for `dims`.
    pub fn new(dims: &Dims) -> Self {
        Self { neurons: dims.neurons, channels: dims.channels, input_groups: dims.input_groups }
    }

    /// Length of the flat vector.
    pub fn len(&self) -> usize {
        self.neurons * (self.neurons + self.input_groups * self.channels + 2)
    }

    /// Whether the vector has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The groups in order.
    pub fn groups(&self) -> Vec<Group> {
        let inputs = (0..self.input_groups).map(Group::Input);
        std::iter::once(Group::Recurrent).chain(inputs).chain([Group::Current, Group::TimeConstant]).collect()
    }

    /// The elements of `group`.
    pub fn range(&self, group: Group) -> Range<usize> {
        let (n, nu) = (self.neurons, self.neurons * self.channels);
        let current = n * n + self.input_groups * nu;
        match group {
            Group::Recurrent => 0..n * n,
            Group::Input(g) => n * n + g * nu..n * n + (g + 1) * nu,
            Group::Current => current..current + n,
            Group::TimeConstant => current + n..current + 2 * n,
        }
    }

    /// The elements of all input matrices together.
    pub fn inputs(&self) -> Range<usize> {
        let n = self.neurons;
        n * n..n * n + self.input_groups * n * self.channels
    }

    /// Rows and columns of `group`; vectors are single columns.
    pub fn shape(&self, group: Group) -> (usize, usize) {
        match group {
            Group::Recurrent => (self.neurons, self.neurons),
            Group::Input(_) => (self.neurons, self.channels),
            Group::Current | Group::TimeConstant => (self.neurons, 1),
        }
    }

    /// The group of that name, if the network has it.
    pub fn group_named(&self, name: &str) -> Option<Group> {
        self.groups().into_iter().find(|g| g.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_tile_the_flat_vector_in_order() {
        let layout = Layout { neurons: 5, channels: 3, input_groups: 4 };
        let mut end = 0;
        for group in layout.groups() {
            let range = layout.range(group);
            let (rows, columns) = layout.shape(group);
            assert_eq!((range.start, range.len()), (end, rows * columns), "{}", group.name());
            assert_eq!(layout.group_named(&group.name()), Some(group));
            end = range.end;
        }
        assert_eq!(end, layout.len());
        assert_eq!(layout.inputs(), 25..85);
    }
}
