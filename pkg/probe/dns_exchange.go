package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// tries is how often each server is asked: UDP may lose a packet.
const tries = 2

// resolve asks for each name in turn, until there is one with records, as resolvers do with search domains. Without any,
// the answer is that for a name that exists; if none does, that for the last one.
func resolve(ctx context.Context, servers, names []string, kind uint16) (*dns.Msg, error) {
	var best *dns.Msg
	for _, name := range names {
		answer, err := ask(ctx, servers, name, kind)
		if err != nil {
			return nil, err
		}
		if len(recordsOf(answer, kind)) > 0 {
			return answer, nil
		}
		if best == nil || best.Rcode != dns.RcodeSuccess {
			best = answer
		}
	}
	return best, nil
}

// ask goes from server to server until one knows: yes or no. One that fails may have a better neighbour; where all do,
// the answer is the last one's, or its error.
func ask(ctx context.Context, servers []string, name string, kind uint16) (*dns.Msg, error) {
	var failed *dns.Msg
	var last error
	for try := range tries * len(servers) {
		answer, err := exchange(ctx, servers[try%len(servers)], name, kind, tries*len(servers)-try)
		switch {
		case err == nil && (answer.Rcode == dns.RcodeSuccess || answer.Rcode == dns.RcodeNameError):
			return answer, nil
		case err == nil:
			failed = answer
		default:
			last = fmt.Errorf("name server %s: %w", servers[try%len(servers)], err)
		}
		if ctx.Err() != nil || errors.Is(err, ErrUnknown) {
			break
		}
	}
	if failed != nil {
		return failed, nil
	}
	return nil, last
}

// packet is the size in bytes that any path lets through in one piece.
const packet = 1232

// exchange asks one server, in the part of the remaining time that it has.
func exchange(ctx context.Context, server, name string, kind uint16, parts int) (*dns.Msg, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(parts))
		defer cancel()
	}
	question := new(dns.Msg).SetQuestion(name, kind)
	question.SetEdns0(packet, false)
	answer, err := over(ctx, "udp", server, question)
	if err == nil && answer.Truncated {
		answer, err = over(ctx, "tcp", server, question)
	}
	return answer, err
}

// over sends the question by one protocol.
func over(ctx context.Context, network, server string, question *dns.Msg) (*dns.Msg, error) {
	conn, end, err := dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer end()
	exchange := &dns.Conn{Conn: conn, UDPSize: packet}
	if err := exchange.WriteMsg(question); err != nil {
		return nil, fmt.Errorf("the question could not be sent: %w", err)
	}
	for {
		answer, err := exchange.ReadMsg()
		switch {
		case isLate(err):
			return nil, fmt.Errorf("no answer in time: %w", err)
		case err != nil:
			return nil, fmt.Errorf("no sound answer: %w", err)
		case answers(question, answer):
			return answer, nil
		case network == "tcp":
			return nil, errors.New("no sound answer: it is not to the question")
		}
		// A packet may come of anybody, or late.
	}
}

func answers(question, answer *dns.Msg) bool {
	asked := question.Question[0]
	return answer.Id == question.Id && answer.Response && len(answer.Question) == 1 &&
		answer.Question[0].Qtype == asked.Qtype && strings.EqualFold(answer.Question[0].Name, asked.Name)
}

// recordsOf lists the records of a type as conditions see them.
func recordsOf(answer *dns.Msg, kind uint16) []map[string]any {
	records := []map[string]any{}
	for _, rr := range answer.Answer {
		if rr.Header().Rrtype != kind {
			continue
		}
		record := map[string]any{"name": rr.Header().Name, "ttl": int64(rr.Header().Ttl)}
		switch r := rr.(type) {
		case *dns.A:
			record["value"] = r.A.String()
		case *dns.AAAA:
			record["value"] = r.AAAA.String()
		case *dns.CNAME:
			record["value"] = r.Target
		case *dns.MX:
			record["value"], record["priority"] = r.Mx, int64(r.Preference)
		case *dns.NS:
			record["value"] = r.Ns
		case *dns.PTR:
			record["value"] = r.Ptr
		case *dns.SRV:
			record["value"], record["port"], record["priority"], record["weight"] = r.Target, int64(r.Port), int64(r.Priority), int64(r.Weight)
		case *dns.TXT:
			record["value"] = strings.Join(r.Txt, "")
		default:
			continue
		}
		records = append(records, record)
	}
	return records
}

// summary lists a few of the records.
func summary(records []map[string]any) string {
	if len(records) == 0 {
		return "no records"
	}
	const most = 8
	var values []string
	for _, r := range records[:min(len(records), most)] {
		values = append(values, fmt.Sprint(r["value"]))
	}
	return fmt.Sprintf("%d records: %s", len(records), excerpt(strings.Join(values, ", ")))
}
