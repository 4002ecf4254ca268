package request

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"

	"entremise/internal/fault"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// MaxPhoto is the largest upload, in bytes.
const MaxPhoto = 10 << 20

const (
	maxSide     = 1600       // pixels of the stored picture's longer side
	photoGrade  = 82         // JPEG quality
	maxScans    = 64         // of a progressive JPEG: each is a pass over the whole picture, however few bytes it takes
	maxJPEG     = 50_000_000 // pixels; today's telephones make 12 to 50 million
	maxUnpacked = 25_000_000 // pixels of PNG and WebP, which take up to 8 bytes each while they are read
)

// atWork bounds the pictures that are unpacked at one moment in this process, each some 200 MB at worst. It is global as memory is.
var atWork = make(chan struct{}, 2)

// ReadPhoto makes an upload safe to keep and to show: JPEG, PNG or WebP is told by its first bytes, its size in pixels is read before anything
// is unpacked, the picture is turned as the camera says, made smaller, and written anew. Nothing of the file itself survives: no place, no
// date, no name of a device, no program hidden behind the picture. Refusals are Invalid faults on the field "photos". CPU-bound, up to two
// seconds for the largest; outside any transaction.
func ReadPhoto(upload []byte) (Photo, error) {
	switch {
	case len(upload) > MaxPhoto:
		return Photo{}, photoFault("photo-size", fault.T("Cette photo dépasse 10 Mo.", "This photo is over 10 MB."))
	case len(upload) == 0:
		return Photo{}, photoFault("photo-format", fault.T("Ce fichier est vide.", "This file is empty."))
	}
	kind := photoKind(upload)
	if kind == nil {
		return Photo{}, photoFault("photo-format", fault.T("Choisissez une photo JPEG, PNG ou WebP.", "Choose a JPEG, PNG or WebP photo."))
	}
	config, err := kind.config(upload)
	if err != nil || config.Width < 1 || config.Height < 1 {
		return Photo{}, unreadable()
	}
	if config.Width > kind.pixels/config.Height || max(config.Width, config.Height) > 20_000 || kind.scans(upload) > maxScans {
		return Photo{}, photoFault("photo-pixels", fault.T("Cette photo est trop grande. Envoyez-la en plus petit.", "This photo is too large. Send a smaller one."))
	}
	atWork <- struct{}{}
	defer func() { <-atWork }()
	picture, err := kind.decode(upload)
	if err != nil {
		return Photo{}, unreadable()
	}
	small := turn(shrink(picture), orientation(kind.exif(upload)))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: photoGrade}); err != nil {
		return Photo{}, unreadable()
	}
	return Photo{Width: small.Rect.Dx(), Height: small.Rect.Dy(), JPEG: out.Bytes()}, nil
}

func unreadable() error {
	return photoFault("photo-unreadable", fault.T("Cette photo est illisible. Essayez-en une autre.", "This photo cannot be read. Try another."))
}

func photoFault(code string, t fault.Text) error {
	f := fault.New(fault.Invalid, code, t)
	f.Fields = []fault.Field{{Name: "photos", Text: t}}
	return f
}

// photoFormat is how one format is read. exif finds the TIFF block of the camera, or nil.
type photoFormat struct {
	magic  func([]byte) bool
	pixels int
	config func([]byte) (image.Config, error)
	decode func([]byte) (image.Image, error)
	scans  func([]byte) int
	exif   func([]byte) []byte
}

func oneScan([]byte) int { return 1 }

var photoFormats = []photoFormat{
	{
		magic:  func(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) },
		pixels: maxJPEG,
		config: func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) },
		decode: func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) },
		scans:  jpegScans,
		exif:   jpegEXIF,
	},
	{
		magic:  func(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) },
		pixels: maxUnpacked,
		config: func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) },
		decode: func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) },
		scans:  oneScan,
		exif:   func(b []byte) []byte { return chunk(b[8:], "eXIf", binary.BigEndian, 4, 4, 0) },
	},
	{
		magic:  func(b []byte) bool { return len(b) > 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" },
		pixels: maxUnpacked,
		config: func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) },
		decode: decodeWebP,
		scans:  oneScan,
		exif: func(b []byte) []byte {
			return bytes.TrimPrefix(chunk(b[12:], "EXIF", binary.LittleEndian, 0, 0, 1), []byte("Exif\x00\x00"))
		},
	},
}

func photoKind(b []byte) *photoFormat {
	i := slices.IndexFunc(photoFormats, func(f photoFormat) bool { return f.magic(b) })
	if i < 0 {
		return nil
	}
	return &photoFormats[i]
}

// decodeWebP compares what was unpacked with what the outer header announced: the two stand in different places of the file.
func decodeWebP(b []byte) (image.Image, error) {
	config, err := webp.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	inner, err := webpInner(b)
	if err != nil || inner.Width > config.Width || inner.Height > config.Height {
		return nil, errPhoto
	}
	return webp.Decode(bytes.NewReader(b))
}

var errPhoto = errors.New("request: damaged picture")

// webpInner reads the size in the picture's own chunk (RFC 9649 §2.5 and §2.6): that one is unpacked, whatever VP8X says.
func webpInner(b []byte) (c image.Config, err error) {
	for _, name := range []string{"VP8 ", "VP8L"} {
		data := chunk(b[12:], name, binary.LittleEndian, 0, 0, 1)
		switch {
		case name == "VP8 " && len(data) >= 10:
			return image.Config{Width: int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff), Height: int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff)}, nil
		case name == "VP8L" && len(data) >= 5:
			bits := binary.LittleEndian.Uint32(data[1:])
			return image.Config{Width: int(bits&0x3fff) + 1, Height: int(bits>>14&0x3fff) + 1}, nil
		}
	}
	return c, errPhoto
}

// shrink scales to maxSide at most, on white where the picture is transparent.
func shrink(picture image.Image) *image.RGBA {
	from := picture.Bounds()
	w, h := from.Dx(), from.Dy()
	if long := max(w, h); long > maxSide {
		w, h = max(1, w*maxSide/long), max(1, h*maxSide/long)
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(to, to.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.BiLinear.Scale(to, to.Rect, picture, from, draw.Over, nil)
	return to
}

// turn applies the eight values of the EXIF orientation (CIPA DC-008, 4.6.4): where the camera's first row and column are to be.
func turn(in *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return in
	}
	w, h := in.Rect.Dx(), in.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			var tx, ty int
			switch orientation {
			case 2:
				tx, ty = w-1-x, y
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				tx, ty = x, h-1-y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[ty*out.Stride+4*tx:][:4], in.Pix[y*in.Stride+4*x:][:4])
		}
	}
	return out
}

// jpegScans counts passes up to the end of the picture; telephones hang films behind it.
func jpegScans(b []byte) (n int) {
	for i := 2; i+1 < len(b); {
		marker := b[i+1]
		switch {
		case b[i] != 0xff, marker == 0x00, marker == 0xff, marker == 0x01, marker >= 0xd0 && marker <= 0xd7:
			i++ // picture data, filling, restart marks
		case marker == 0xd9 || i+3 >= len(b):
			return n
		default:
			if marker == 0xda {
				n++
			}
			i += 2 + int(binary.BigEndian.Uint16(b[i+2:]))
		}
	}
	return n
}

// jpegEXIF walks the segments before the picture and returns the TIFF block of the first APP1 that holds one.
func jpegEXIF(b []byte) []byte {
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != 0xda; {
		n := int(binary.BigEndian.Uint16(b[2:])) // counts itself
		if n < 2 || len(b) < 2+n {
			return nil
		}
		if tiff, ok := bytes.CutPrefix(b[4:2+n], []byte("Exif\x00\x00")); ok && b[1] == 0xe1 {
			return tiff
		}
		b = b[2+n:]
	}
	return nil
}

// chunk finds a chunk by name in a PNG (length, name, data, checksum) or in RIFF (name, length, data, padding to even).
func chunk(b []byte, want string, order binary.ByteOrder, nameAt, tail, pad int) []byte {
	for len(b) >= 8 {
		name, n := string(b[nameAt:nameAt+4]), int64(order.Uint32(b[4-nameAt:]))
		if n > int64(len(b)-8) {
			return nil
		}
		if name == want {
			return b[8 : 8+n]
		}
		next := 8 + n + int64(tail) + n&int64(pad)
		if next > int64(len(b)) {
			return nil
		}
		b = b[next:]
	}
	return nil
}

// orientation reads tag 0x0112 of the first directory of a TIFF block; 1, upright, when there is none.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 1
}
