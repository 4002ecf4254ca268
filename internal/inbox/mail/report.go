package mail

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// Report says that mail could not be delivered (RFC 3464). Like everything here it is a claim.
type Report struct {
	Message string // Message-ID of what could not be delivered
	Failed  []Failed
}

// Failed is one address at which it failed for good.
type Failed struct {
	Address string
	Status  string // RFC 3463, such as 5.1.1
}

const (
	maxFailed = 20
	maxReport = 256 << 10 // of each part
)

// ParseReport reads a report about delivery that names a message and an address at which it failed for good; false for anything else.
func ParseReport(raw []byte) (r Report, ok bool) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return r, false
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") || params["boundary"] == "" {
		return r, false
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for range maxParts {
		p, err := parts.NextRawPart()
		if err != nil {
			break // what was read counts, however it ends
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		body := io.LimitReader(plainly(p.Header.Get("Content-Transfer-Encoding"), p), maxReport)
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			r.Failed = failed(body)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			// A reader of headers alone has no end of header where the part is headers only.
			h, _ := textproto.NewReader(bufio.NewReader(io.MultiReader(body, strings.NewReader("\r\n\r\n")))).ReadMIMEHeader() // what was read counts
			r.Message = messageID(h.Get("Message-Id"))
		}
	}
	return r, r.Message != "" && len(r.Failed) > 0
}

func plainly(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, &skipper{body})
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// failed reads the groups of fields after the first, one for each address (RFC 3464 §2.1).
func failed(body io.Reader) (all []Failed) {
	t := textproto.NewReader(bufio.NewReader(io.MultiReader(body, strings.NewReader("\r\n\r\n"))))
	for range maxFailed + 1 {
		h, err := t.ReadMIMEHeader()
		if len(h) > 0 && strings.EqualFold(strings.TrimSpace(h.Get("Action")), "failed") {
			status, _, _ := strings.Cut(strings.TrimSpace(h.Get("Status")), " ")
			for _, name := range []string{"Original-Recipient", "Final-Recipient"} { // what we wrote to may be forwarded elsewhere
				sort, address, typed := strings.Cut(h.Get(name), ";")
				if sort = strings.TrimSpace(sort); typed && (strings.EqualFold(sort, "rfc822") || strings.EqualFold(sort, "utf-8")) {
					all = append(all, Failed{Address: strings.Trim(strings.TrimSpace(address), "<>"), Status: line(status)})
				}
			}
		}
		if err != nil {
			break
		}
	}
	return all[:min(len(all), maxFailed)]
}
