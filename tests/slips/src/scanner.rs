//! A picture in pixels, and what a scanner reads from it.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// What the codes in an SVG say, as a scanner reads them from its pixels; `scale` is that of the picture. Letters are not
/// drawn: fonts are a matter of the machine.
pub fn read(svg: &str, scale: f32) -> Result<Vec<String>, String> {
    let tree = Tree::from_str(svg, &Options::default()).map_err(|error| error.to_string())?;
    let size = tree.size().to_int_size().scale_by(scale).ok_or("no size")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("no size")?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let grey = |x: usize, y: usize| pixels.pixels().get(y * width + x).map_or(255, |pixel| pixel.green());
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let grids = image.detect_grids();
    grids.iter().map(|grid| grid.decode().map(|(_, text)| text).map_err(|error| error.to_string())).collect()
}
