package call

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"entremise/internal/notify"
)

// Gateway says where a telephone company keeps what it recorded: any provider behind a small adapter of this contract. Its calls come by the
// signed webhook ([LineEvent]).
//
//	GET URL/{id}, Authorization: Bearer Token → 200 and a WAV file; anything else: not yet
//	DELETE URL/{id}, Authorization: Bearer Token → 200, 204, 404 or 410: nothing is left of the call; anything else: later
type Gateway struct {
	URL   string
	Token string
}

// NewLine checks the settings; it does not connect. A gateway elsewhere than on this machine must be https. Errors name neither address nor call.
func NewLine(g Gateway) (Line, error) {
	u, err := url.Parse(g.URL)
	if err != nil || u.RawQuery != "" || !notify.Guarded(u) {
		return Line{}, errors.New("call: the telephony needs an https address")
	}
	if g.Token == "" {
		return Line{}, errors.New("call: the telephony needs a token")
	}
	client := notify.OneWay(30 * time.Second)
	do := func(ctx context.Context, method, id string) (status int, body []byte, err error) {
		r, err := http.NewRequestWithContext(ctx, method, u.JoinPath(url.PathEscape(id)).String(), nil)
		if err != nil {
			return 0, nil, errors.New("the name of the call makes no address")
		}
		r.Header.Set("Authorization", "Bearer "+g.Token)
		answer, err := client.Do(r)
		if err != nil {
			return 0, nil, errors.New("no answer") // the error holds the address
		}
		body, err = io.ReadAll(io.LimitReader(answer.Body, maxSound+1))
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return 0, nil, errors.New("the answer broke off")
		}
		return answer.StatusCode, body, nil
	}
	return Line{
		Name: "http",
		Fetch: func(ctx context.Context, id string) ([]byte, error) {
			status, wav, err := do(ctx, http.MethodGet, id)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("it answers %d", status)
			}
			return wav, err
		},
		Delete: func(ctx context.Context, id string) error {
			status, _, err := do(ctx, http.MethodDelete, id)
			if err != nil {
				return err
			}
			switch status {
			case http.StatusOK, http.StatusNoContent, http.StatusNotFound, http.StatusGone:
				return nil
			}
			return fmt.Errorf("it answers %d", status)
		},
	}, nil
}
