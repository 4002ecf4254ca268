package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"entremise/internal/web/ui"
)

var errForm = errors.New("web: the form does not parse")

// parse reads a form, once; files stay in memory up to the route's limit.
func (v *visit) parse() error {
	var err error
	if strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/form-data") {
		err = v.r.ParseMultipartForm(64 << 20)
	} else {
		err = v.r.ParseForm()
	}
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return err
		}
		return fmt.Errorf("%w: %w", errForm, err)
	}
	fields := 0
	for k, values := range v.r.Form {
		fields += len(values)
		if len(k) > 200 || fields > 400 || !readable(k) {
			return errForm
		}
		for _, s := range values {
			if !readable(s) {
				return errForm
			}
		}
	}
	return nil
}

func (v *visit) value(name string) string { return strings.TrimSpace(v.r.FormValue(name)) }

// decimal writes an amount as it is typed in the reader's language.
func decimal(s string, l ui.Lang) string { return strings.Replace(s, ".", l.T(",", "."), 1) }
