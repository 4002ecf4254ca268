package request

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"entremise/internal/fault"
)

// corner is a white picture with one red corner, top left as the camera holds it.
func corner(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.White)
			if x < w/3 && y < h/3 {
				m.Set(x, y, color.RGBA{200, 0, 0, 255})
			}
		}
	}
	return m
}

func tiff(order binary.AppendByteOrder, value uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x010f, 7}, {0x0112, value}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = order.AppendUint16(b, 0)
	}
	return append(b, "GPS 43.8374N 4.3601E Canon"...)
}

func asJPEG(t testing.TB, m image.Image, exif []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	if exif == nil {
		return b.Bytes()
	}
	segment := append([]byte("Exif\x00\x00"), exif...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 4, 'x', 'x', 0xff, 0xe1}, byte((len(segment)+2)>>8), byte(len(segment)+2))
	return append(append(out, segment...), b.Bytes()[2:]...)
}

func asPNG(t testing.TB, m image.Image, exif []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if exif == nil {
		return b.Bytes()
	}
	return slicesJoin(b.Bytes()[:33], pngChunk("eXIf", exif), b.Bytes()[33:])
}

func slicesJoin(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func pngChunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// The corner picture as a camera's WebP: a VP8X box with a lossy picture and an EXIF chunk of orientation 6.
const webpFile = "UklGRr4AAABXRUJQVlA4WAoAAAAIAAAAOwAAHQAAVlA4IGwAAABwBACdASo8AB4APu1wsVIppqSiqAgBMB2JYwDLef/gHofzV8X/UdcgV+ZyAAD+2JA8FH1pg0yz" +
	"+vWk396k5X/43j/Xb7lf/hEP2uP8Ief0SFAaYlpfofb8OR+qdfShXk5/PFYQKcnc8cuIAABFWElGLAAAAE1NACoAAAAIAAIBDwACAAAABgAAACYBEgADAAAAAQAGAAAAAAAAQ2Fub24A"

func asWebP(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(webpFile)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadPhoto_turnsShrinksAndForgets(t *testing.T) {
	// Where the red corner is once the picture is upright, by orientation: left or right, top or bottom.
	where := map[int]string{1: "lt", 2: "rt", 3: "rb", 4: "lb", 5: "lt", 6: "rt", 7: "rb", 8: "lb"}
	for value, want := range where {
		files := map[string][]byte{
			"JPEG, Intel":    asJPEG(t, corner(60, 30), tiff(binary.LittleEndian, uint16(value))),
			"JPEG, Motorola": asJPEG(t, corner(60, 30), tiff(binary.BigEndian, uint16(value))),
			"PNG":            asPNG(t, corner(60, 30), tiff(binary.BigEndian, uint16(value))),
		}
		if value == 6 {
			files["WebP"] = asWebP(t)
		}
		for name, file := range files {
			p, err := ReadPhoto(file)
			if err != nil {
				t.Fatal(name, err)
			}
			if bytes.Contains(p.JPEG, []byte("Canon")) || bytes.Contains(p.JPEG, []byte("Exif")) || bytes.Contains(p.JPEG, []byte("GPS")) {
				t.Errorf("%s %d: something of the file survived", name, value)
			}
			m, err := jpeg.Decode(bytes.NewReader(p.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			w, h := m.Bounds().Dx(), m.Bounds().Dy()
			if w != p.Width || h != p.Height || (value >= 5) != (h > w) {
				t.Errorf("%s %d: %d×%d", name, value, w, h)
			}
			at := map[string]image.Point{"lt": {3, 3}, "rt": {w - 4, 3}, "lb": {3, h - 4}, "rb": {w - 4, h - 4}}
			for spot, point := range at {
				_, g, _, _ := m.At(point.X, point.Y).RGBA()
				if red := g < 0x8000; red != (spot == want) {
					t.Errorf("%s %d: red at %s: %v", name, value, spot, red)
				}
			}
		}
	}
}

func TestReadPhoto_sizes(t *testing.T) {
	for _, c := range []struct{ w, h, wantW, wantH int }{{2400, 1800, 1600, 1200}, {1600, 1200, 1600, 1200}, {600, 2400, 400, 1600}, {1, 1, 1, 1}, {9000, 2, 1600, 1}} {
		p, err := ReadPhoto(asJPEG(t, image.NewYCbCr(image.Rect(0, 0, c.w, c.h), image.YCbCrSubsampleRatio420), nil))
		if err != nil || p.Width != c.wantW || p.Height != c.wantH {
			t.Errorf("%d×%d: %d×%d, %v", c.w, c.h, p.Width, p.Height, err)
		}
	}
}

func TestReadPhoto_transparencyIsWhite(t *testing.T) {
	p, err := ReadPhoto(asPNG(t, image.NewNRGBA(image.Rect(0, 0, 40, 40)), nil))
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := m.At(20, 20).RGBA(); r < 0xfe00 || g < 0xfe00 || b < 0xfe00 {
		t.Error(r, g, b)
	}
}

func TestReadPhoto_refuses(t *testing.T) {
	good := asJPEG(t, corner(60, 30), nil)
	// A header that announces a picture of 60,000 × 60,000 in front of nothing.
	bomb := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 6, 0, 0, 0})...)
	huge := bytes.Clone(good)
	at := bytes.Index(huge, []byte{0xff, 0xc0})
	copy(huge[at+5:], []byte{0xff, 0xff, 0xff, 0xff})
	// VP8X says 60 by 30, the picture inside says 16,383 by 16,383.
	liar := asWebP(t)
	copy(liar[12+18+8+6:], []byte{0xff, 0x3f, 0xff, 0x3f})
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"empty":                 {nil, "photo-format"},
		"text":                  {[]byte("bonjour"), "photo-format"},
		"GIF":                   {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "photo-format"},
		"SVG":                   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "photo-format"},
		"HEIC":                  {[]byte("\x00\x00\x00\x18ftypheic"), "photo-format"},
		"over ten megabytes":    {append(bytes.Clone(good), make([]byte, MaxPhoto)...), "photo-size"},
		"PNG bomb":              {bomb, "photo-pixels"},
		"JPEG of 4 Gpixels":     {huge, "photo-pixels"},
		"WebP with two sizes":   {liar, "photo-unreadable"},
		"thousands of scans":    {slicesJoin(good[:len(good)-2], bytes.Repeat([]byte("\xff\xda\x00\x02"), 65), good[len(good)-2:]), "photo-pixels"},
		"cut JPEG":              {good[:len(good)/2], "photo-unreadable"},
		"only a JPEG's start":   {[]byte("\xff\xd8\xff"), "photo-unreadable"},
		"only a PNG's start":    {[]byte("\x89PNG\r\n\x1a\n"), "photo-unreadable"},
		"only a WebP's start":   {[]byte("RIFF\x00\x00\x00\x00WEBP\x00"), "photo-unreadable"},
		"a JPEG of zero pixels": {bytes.Replace(good, []byte{0, 30, 0, 60}, []byte{0, 0, 0, 0}, 1), "photo-unreadable"},
	} {
		if _, err := ReadPhoto(c.file); fault.Code(err) != c.code || fault.Of(err).Fields[0].Name != "photos" {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	// A film or a program behind the picture is no harm, and does not survive.
	p, err := ReadPhoto(append(bytes.Clone(good), strings.Repeat("\xff\xda", 2000)+"<?php system($_GET[0]); ?>"...))
	if err != nil || bytes.Contains(p.JPEG, []byte("php")) {
		t.Error("tail survived", err)
	}
}

func FuzzReadPhoto(f *testing.F) {
	f.Add(asJPEG(f, corner(20, 10), tiff(binary.BigEndian, 6)))
	f.Add(asPNG(f, corner(20, 10), tiff(binary.LittleEndian, 8)))
	f.Add(asWebP(f))
	f.Fuzz(func(t *testing.T, file []byte) {
		if k := photoKind(file); k != nil {
			orientation(k.exif(file))
			if c, err := k.config(file); err == nil && c.Width*c.Height > 1<<20 {
				return // right, but slow to try a thousand times a second
			}
		}
		p, err := ReadPhoto(file)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
			return
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG)); err != nil || c.Width != p.Width || c.Height != p.Height || max(p.Width, p.Height) > maxSide {
			t.Error(c, err)
		}
	})
}

func BenchmarkReadPhoto_12Megapixels(b *testing.B) {
	file := asJPEG(b, image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420), nil)
	for b.Loop() {
		if _, err := ReadPhoto(file); err != nil {
			b.Fatal(err)
		}
	}
}
