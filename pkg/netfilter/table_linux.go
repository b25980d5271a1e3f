package netfilter

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Table is rules in force.
type Table struct {
	conn *nftables.Conn
	// socket is that of conn. The kernel removes the tables when it is closed.
	socket *netlink.Conn
	// name is that of the tables, and another one for each process of the namespace.
	name string
	// filter sees packets at the pod's devices, where one that goes out can be lost without its sender's knowing; inet sees them
	// where connections are known. A table is nil as long as no rule needs it.
	filter, inet *nftables.Table
	chains       map[string]*nftables.Chain
	sets         map[string]*nftables.Set
	// homes are the tables of the rules.
	homes []*nftables.Table
}

// Install puts rules in force in the network namespace of the calling thread. A packet for which there are several is subject to
// the first of them. When there is an error, nothing is left. It is for the caller to close the table.
func Install(rules ...Rule) (table *Table, err error) {
	for i := range rules {
		if err := rules[i].Check(); err != nil {
			return nil, err
		}
	}
	t := &Table{chains: map[string]*nftables.Chain{}, sets: map[string]*nftables.Set{}}
	t.conn, err = nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
		t.socket = c
		return nil
	}))
	if err != nil {
		return nil, explain(err)
	}
	defer func() {
		if table == nil {
			_ = t.conn.CloseLasting()
		}
	}()
	t.name = fmt.Sprintf("chaosctl-%d", t.socket.PID())
	for i := range rules {
		if err := t.prepare(i, &rules[i]); err != nil {
			return nil, explain(err)
		}
	}
	for i := range rules {
		if err := t.add(i, &rules[i]); err != nil {
			return nil, explain(err)
		}
	}
	if err := t.conn.Flush(); err != nil { // all rules or none
		return nil, explain(err)
	}
	return t, nil
}

// explain says what an answer of the kernel means.
func explain(err error) error {
	switch {
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("it takes the capability NET_ADMIN, as user 0: %w", err)
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, os.ErrNotExist), errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("it takes Linux 5.16 or later, with nftables: %w", err)
	}
	return err
}

// Counts are those of the rules, in their order.
func (t *Table) Counts() ([]Count, error) {
	counts := make([]Count, len(t.homes))
	for _, home := range []*nftables.Table{t.filter, t.inet} {
		if home == nil {
			continue
		}
		objects, err := t.conn.GetObjects(home)
		if err != nil {
			return nil, err
		}
		named := map[string]uint64{}
		for _, o := range objects {
			if c, ok := o.(*nftables.CounterObj); ok {
				named[c.Name] = c.Packets
			}
		}
		for i := range counts {
			if t.homes[i] == home {
				counts[i] = Count{Met: named[met(i)], Done: named[done(i)]}
			}
		}
	}
	return counts, nil
}

func met(rule int) string  { return "met-" + strconv.Itoa(rule) }
func done(rule int) string { return "done-" + strconv.Itoa(rule) }

// Release ends the redirection of new connections, and resets. Connections that were redirected go on, as they do not after Close.
func (t *Table) Release() error {
	for _, chain := range t.chains {
		if chain.Table == t.inet {
			t.conn.FlushChain(chain)
		}
	}
	return t.conn.Flush()
}

// Close takes the rules out of force, and everything of them away. It may be called again.
func (t *Table) Close() error {
	for _, home := range []*nftables.Table{t.filter, t.inet} {
		if home != nil {
			t.conn.DelTable(home)
		}
	}
	t.filter, t.inet = nil, nil
	return errors.Join(t.conn.Flush(), t.conn.CloseLasting())
}

// prepare makes the table of a rule, and the sets of its peers, which do nothing by themselves and may be too many for one
// transaction.
func (t *Table) prepare(number int, r *Rule) error {
	home, family := &t.inet, nftables.TableFamilyINet
	if r.Action == Drop {
		home, family = &t.filter, nftables.TableFamilyNetdev
	}
	if err := t.own(home, family); err != nil {
		return err
	}
	t.homes = append(t.homes, *home)
	for _, four := range []bool{true, false} {
		if peers := disjoint(r.Peers, four); len(peers) > 0 {
			if err := t.addSet(*home, setName(number, four), peers); err != nil {
				return err
			}
		}
	}
	return nil
}

// add puts a rule into the next transaction.
func (t *Table) add(number int, r *Rule) error {
	home := t.homes[number]
	bases, err := t.bases(r)
	if err != nil {
		return err
	}
	what := t.conn.AddChain(&nftables.Chain{Name: "rule-" + strconv.Itoa(number), Table: home})
	for _, counter := range []string{met(number), done(number)} {
		t.conn.AddObj(&nftables.CounterObj{Table: home, Name: counter})
	}
	does := slices.Concat([]expr.Any{count(met(number))}, by(r.Share), []expr.Any{count(done(number))}, act(r))
	t.conn.AddRule(&nftables.Rule{Table: home, Chain: what, Exprs: does})
	for _, base := range bases {
		for _, match := range t.matches(home, number, r) {
			t.conn.AddRule(&nftables.Rule{Table: home, Chain: base, Exprs: append(match, &expr.Verdict{Kind: expr.VerdictGoto, Chain: what.Name})})
		}
	}
	return nil
}

// bases are the chains at which the packets of a rule come by.
func (t *Table) bases(r *Rule) ([]*nftables.Chain, error) {
	in := r.Direction == In
	switch {
	case r.Action == Redirect && in:
		return t.base(t.inet, nftables.Chain{Name: "redirect-in", Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest}), nil
	case r.Action == Redirect:
		return t.base(t.inet, nftables.Chain{Name: "redirect-out", Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityNATDest}), nil
	case r.Action == Reset && in:
		return t.base(t.inet, nftables.Chain{Name: "reset-in", Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter}), nil
	case r.Action == Reset:
		return t.base(t.inet, nftables.Chain{Name: "reset-out", Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityFilter}), nil
	}
	hook := nftables.ChainHookEgress
	if in {
		hook = nftables.ChainHookIngress
	}
	devices, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var all []*nftables.Chain
	for _, d := range devices {
		if d.Flags&net.FlagLoopback == 0 && d.Flags&net.FlagUp != 0 {
			all = append(all, t.base(t.filter, nftables.Chain{
				Name: string("drop-"+r.Direction+"-") + d.Name, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityFilter, Device: d.Name,
			})...)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there is no network here: no device is up but that for loopback")
	}
	return all, nil
}

// base makes a chain, once.
func (t *Table) base(home *nftables.Table, chain nftables.Chain) []*nftables.Chain {
	if known := t.chains[chain.Name]; known != nil {
		return []*nftables.Chain{known}
	}
	chain.Table = home
	made := t.conn.AddChain(&chain)
	t.chains[chain.Name] = made
	if home.Family == nftables.TableFamilyNetdev {
		t.conn.AddRule(&nftables.Rule{Table: home, Chain: made, Exprs: append(neighbours(), &expr.Verdict{Kind: expr.VerdictAccept})})
	}
	return []*nftables.Chain{made}
}
