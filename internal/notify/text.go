package notify

import (
	"slices"
	"strings"
	"unicode"

	"entremise/internal/network"
)

// IsStop reports whether a person's SMS asks for no more messages: its first word is STOP, ARRET or what people write instead, or the
// word stands in a message of at most four. A stop too many is asked back; a stop too few is a fault (CPCE L34-5).
func IsStop(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(network.Plain(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) > 4 {
		words = words[:1]
	}
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"stop", "stopsms", "arret", "arreter", "arretez", "désabonnement", "desabonnement", "unsubscribe"}, w)
	})
}
