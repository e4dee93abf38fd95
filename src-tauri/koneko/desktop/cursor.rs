//! The cursor's image as the data channel carries it.

use duotab_core::neko::data::ServerMessage;
use x11rb::protocol::xfixes::GetCursorImageReply;

/// No cursor is that large; a page can choose up to 128 pixels.
const MAX_EDGE: u16 = 512;

/// The image as PNG.
pub(super) fn encode(image: &GetCursorImageReply) -> Option<ServerMessage> {
    let (width, height) = (image.width, image.height);
    if width == 0 || height == 0 || width > MAX_EDGE || height > MAX_EDGE {
        return None;
    }
    if image.cursor_image.len() != usize::from(width) * usize::from(height) {
        return None;
    }
    let pixels: Vec<u8> = image
        .cursor_image
        .iter()
        .flat_map(|it| straight(*it))
        .collect();
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width.into(), height.into());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(ServerMessage::CursorImage {
        width,
        height,
        hot_x: image.xhot.min(width - 1),
        hot_y: image.yhot.min(height - 1),
        png,
    })
}

/// X has the colours multiplied by alpha, in one word; PNG has them as they are.
fn straight(argb: u32) -> [u8; 4] {
    let [alpha, red, green, blue] = argb.to_be_bytes();
    let undo = |colour: u8| match u16::from(alpha) {
        0 => 0,
        it => u8::try_from((u16::from(colour) * 255 / it).min(255)).unwrap_or(255),
    };
    [undo(red), undo(green), undo(blue), alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: u16, height: u16, pixels: Vec<u32>) -> GetCursorImageReply {
        GetCursorImageReply {
            width,
            height,
            xhot: 9,
            yhot: 0,
            cursor_image: pixels,
            ..Default::default()
        }
    }

    #[test]
    fn half_transparent_colours_are_straightened() {
        assert_eq!(straight(0x8040_0080), [127, 0, 255, 128]);
        assert_eq!(straight(0x0012_3456), [0, 0, 0, 0]);
        assert_eq!(straight(0xff12_3456), [0x12, 0x34, 0x56, 255]);
    }

    #[test]
    fn the_hot_spot_stays_inside_and_the_image_is_png() {
        let Some(ServerMessage::CursorImage { hot_x, png, .. }) =
            encode(&image(2, 1, vec![u32::MAX; 2]))
        else {
            panic!("no image");
        };
        assert_eq!(hot_x, 1);
        assert!(png.starts_with(b"\x89PNG"));
    }

    #[test]
    fn an_image_that_lies_about_its_size_is_refused() {
        assert_eq!(encode(&image(4, 4, vec![0; 3])), None);
        assert_eq!(encode(&image(0, 0, vec![])), None);
    }
}
