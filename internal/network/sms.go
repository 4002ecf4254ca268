package network

import "strings"

// gsm7 is the default alphabet of 3GPP TS 23.038 with its extension. A part of a text in it holds 160 characters, any other 70.
const gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
	"¿abcdefghijklmnopqrstuvwxyzäöñüà" + "\f^{}\\[~]|€"

// beyondGSM7 is the place of the first character of s that makes it cost about twice, or -1.
func beyondGSM7(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(gsm7, r) })
}

// folds are characters that a reader of French hardly misses: circumflexes, typographic signs, the many spaces.
var folds = strings.NewReplacer(
	"â", "a", "ê", "e", "î", "i", "ô", "o", "û", "u", "ë", "e", "ï", "i", "ÿ", "y", "ç", "c", "á", "a", "í", "i", "ó", "o", "ú", "u", "ã", "a", "õ", "o",
	"À", "A", "Â", "A", "È", "E", "Ê", "E", "Ë", "E", "Î", "I", "Ï", "I", "Ô", "O", "Ù", "U", "Û", "U", "Ÿ", "Y", "Á", "A", "Í", "I", "Ó", "O", "Ú", "U",
	"œ", "oe", "Œ", "OE", "’", "'", "‘", "'", "“", `"`, "”", `"`, "« ", `"`, " »", `"`, "«\u00a0", `"`, "\u00a0»", `"`, "«", `"`, "»", `"`,
	"–", "-", "—", "-", "‑", "-", "…", "...", "•", "-", "·", "-", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "\t", " ", "²", "2", "³", "3", "°", "o", "×", "x",
)

// Plain writes text without the accents and the typography that GSM-7 lacks.
func Plain(text string) string { return folds.Replace(text) }

// FoldGSM7 writes text with the characters of GSM-7, so that it costs fewer parts, when only accents and typography are lost by it. With
// any other character (a name in another script, an emoji) the text stays as it is: half a fold would cost letters and save nothing.
func FoldGSM7(text string) string {
	folded := Plain(text)
	if beyondGSM7(folded) >= 0 {
		return text
	}
	return folded
}
