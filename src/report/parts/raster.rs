//! Matrices of rates as images with a palette: a tenth of the size of as many SVG rectangles.

use super::canvas::{COLD, Drawn, MUTED, WARM};
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

/// Palette entry that shows nothing; entries below it run through the colour map.
const TRANSPARENT: u8 = 255;

/// An image of `rows × columns` values, coloured from 0 to `maximum` (viridis, perceptually uniform); larger values are
/// shown as `maximum`, NaN as nothing.
pub(crate) fn heat_map(values: &[f32], columns: usize, maximum: f32) -> Drawn<Vec<u8>> {
    let last = f32::from(TRANSPARENT - 1);
    let index = |v: &f32| if v.is_nan() { TRANSPARENT } else { (v / maximum * last).round().clamp(0.0, last) as u8 };
    let mut alpha = [255; 256];
    alpha[usize::from(TRANSPARENT)] = 0;
    indexed(&values.iter().map(index).collect::<Vec<u8>>(), columns, palette(), alpha)
}

/// An image of `rows × columns` values around zero, which is the page itself: the farther from it, up to `limit`, the stronger
/// the cold colour below and the warm one above. NaN is a thin grey.
pub(crate) fn signed_map(values: &[f32], columns: usize, limit: f32) -> Drawn<Vec<u8>> {
    let index = |v: &f32| if v.is_nan() { 255 } else { (127.0 + (v / limit).clamp(-1.0, 1.0) * 127.0).round() as u8 };
    let colours: Vec<u8> = (0..=255_u8)
        .map(|k| match k {
            255 => MUTED,
            k if k < 127 => COLD,
            _ => WARM,
        })
        .flat_map(|c| [c.0, c.1, c.2])
        .collect();
    let mut alpha = [0; 256];
    for (k, alpha) in alpha.iter_mut().enumerate() {
        *alpha = (2 * k.abs_diff(127)).min(255) as u8;
    }
    alpha[255] = 40;
    indexed(&values.iter().map(index).collect::<Vec<u8>>(), columns, colours, alpha)
}

/// An image of palette entries.
fn indexed(pixels: &[u8], columns: usize, palette: Vec<u8>, alpha: [u8; 256]) -> Drawn<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, columns as u32, (pixels.len() / columns.max(1)) as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_trns(alpha.to_vec());
    encoder.set_compression(png::Compression::High);
    // Neighbouring palette indices are similar colours, but prediction of indices rarely pays.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(file)
}

fn palette() -> Vec<u8> {
    let colour = |k: u16| ViridisRGB.get_color_normalized(f32::from(k), 0.0, f32::from(TRANSPARENT - 1));
    (0..256).map(colour).flat_map(|c| [c.0, c.1, c.2]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_its_values_as_palette_indices() {
        let file = heat_map(&[0.0, 0.5, 1.0, 2.0, f32::NAN, -1.0], 3, 1.0).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (3, 2));
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [0, 127, 254, 254, TRANSPARENT, 0]);
    }

    #[test]
    fn zero_is_the_page_and_what_is_not_a_number_is_neither_warm_nor_cold() {
        let file = signed_map(&[0.0, 1.0, -1.0, 9.0, f32::NAN, -0.5], 3, 1.0).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let alpha = reader.info().trns.clone().unwrap();
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [127, 254, 0, 254, 255, 64]);
        assert_eq!([127, 254, 0, 255].map(|k| alpha[k]), [0, 254, 254, 40]);
    }

    #[test]
    fn the_palette_brightens_all_the_way() {
        let luminance: Vec<f64> = palette()[..3 * 255]
            .chunks_exact(3)
            .map(|c| 0.2126 * f64::from(c[0]) + 0.7152 * f64::from(c[1]) + 0.0722 * f64::from(c[2]))
            .collect();
        // Within the rounding of 8-bit colours.
        assert!(luminance.windows(2).all(|w| w[1] > w[0] - 1.0));
    }
}
