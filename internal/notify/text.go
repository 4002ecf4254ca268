package notify

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// gsm7 is the default alphabet of 3GPP TS 23.038, gsm7Extended what takes two places of it.
const (
	gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Extended = "\f^{}\\[~]|€"
)

// septets is the number of places that r takes in GSM-7, or 0 when it has none there.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsm7, r):
		return 1
	case strings.ContainsRune(gsm7Extended, r):
		return 2
	}
	return 0
}

// Segments is what a text costs on the network: the number of parts that are paid for, and whether it travels as UCS-2 (70 characters, 67
// in each of several parts) because a character is not in GSM-7 (160, or 153). Neither an escape pair nor a surrogate pair is cut.
func Segments(text string) (parts int, ucs2 bool) {
	for _, r := range text {
		if septets(r) == 0 {
			ucs2 = true
			break
		}
	}
	whole, part, width := 160, 153, septets
	if ucs2 {
		whole, part, width = 70, 67, func(r rune) int { return max(utf16.RuneLen(r), 1) }
	}
	total, in := 0, 0
	parts = 1
	for _, r := range text {
		w := width(r)
		if in+w > part {
			parts, in = parts+1, 0
		}
		in, total = in+w, total+w
	}
	if total <= whole {
		parts = 1
	}
	return parts, ucs2
}

// folds are characters that a reader of French hardly misses: circumflexes, typographic signs, the many spaces.
var folds = strings.NewReplacer(
	"â", "a", "ê", "e", "î", "i", "ô", "o", "û", "u", "ë", "e", "ï", "i", "ÿ", "y", "ç", "c", "á", "a", "í", "i", "ó", "o", "ú", "u", "ã", "a", "õ", "o",
	"À", "A", "Â", "A", "È", "E", "Ê", "E", "Ë", "E", "Î", "I", "Ï", "I", "Ô", "O", "Ù", "U", "Û", "U", "Ÿ", "Y", "Á", "A", "Í", "I", "Ó", "O", "Ú", "U",
	"œ", "oe", "Œ", "OE", "’", "'", "‘", "'", "“", `"`, "”", `"`, "« ", `"`, " »", `"`, "«\u00a0", `"`, "\u00a0»", `"`, "«", `"`, "»", `"`,
	"–", "-", "—", "-", "‑", "-", "…", "...", "•", "-", "·", "-", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "\t", " ", "²", "2", "³", "3", "°", "o", "×", "x",
)

// FoldGSM7 writes text with the characters of GSM-7, so that it costs fewer parts, when only accents and typography are lost by it. With
// any other character (a name in another script, an emoji) the text stays as it is: half a fold would cost letters and save nothing.
func FoldGSM7(text string) string {
	folded := folds.Replace(text)
	for _, r := range folded {
		if septets(r) == 0 {
			return text
		}
	}
	return folded
}

// IsStop reports whether a person's SMS asks for no more messages: its first word is STOP, ARRET or what people write instead, or the
// word stands in a message of at most four. A stop too many is asked back; a stop too few is a fault (CPCE L34-5).
func IsStop(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(folds.Replace(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) > 4 {
		words = words[:1]
	}
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"stop", "stopsms", "arret", "arreter", "arretez", "désabonnement", "desabonnement", "unsubscribe"}, w)
	})
}
