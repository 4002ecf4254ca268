package inbox

import (
	"context"
	"strings"

	"entremise/internal/inbox/mail"
)

// bounced reads a report about delivery, and tells whether it is about mail of ours: what did not arrive marks its address (ET-31).
func (s *Service) bounced(ctx context.Context, raw []byte) (ours bool, err error) {
	report, ok := mail.ParseReport(raw)
	if !ok {
		return false, nil
	}
	id, _, _ := strings.Cut(strings.Trim(report.Message, "<>"), "@")
	for _, f := range report.Failed {
		known, err := s.Notify.Bounced(ctx, id, f.Address, f.Status)
		if err != nil {
			return false, err
		}
		ours = ours || known
	}
	return ours, nil
}
