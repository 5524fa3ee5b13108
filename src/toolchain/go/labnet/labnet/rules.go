package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// The rules as src/lab/pod-network/packet-rules.ts writes them.
type ruleSet struct {
	Chains []chain `json:"chains"`
}

type chain struct {
	Name  string `json:"name"`
	At    *entry `json:"at"`
	Rules []rule `json:"rules"`
}

type entry struct {
	Type string `json:"type"`
	Hook string `json:"hook"`
}

type rule struct {
	From        [][2]uint32 `json:"from"`
	To          [][2]uint32 `json:"to"`
	Protocol    string      `json:"protocol"`
	FromPort    *[2]uint16  `json:"fromPort"`
	ToPort      *[2]uint16  `json:"toPort"`
	OneIn       uint32      `json:"oneIn"`
	Share       *share      `json:"share"`
	Established bool        `json:"established"`
	Lost        bool        `json:"lost"`
	Action      verdict     `json:"action"`
}

type share struct {
	Of uint32 `json:"of"`
	Is uint32 `json:"is"`
}

type verdict struct {
	Kind  string `json:"kind"`
	Chain string `json:"chain"`
	IP    string `json:"ip"`
	Port  uint16 `json:"port"`
}

// Two tables take turns: one is in force while the other is written.
var tableNames = [2]string{"matchday-a", "matchday-b"}

// atOnce bounds what goes to the kernel in one message. It must fit into the send buffer of a socket and its answers into the receive buffer,
// which a user namespace cannot enlarge beyond 208 KiB (net.core.wmem_max, rmem_max). Each rule has up to three answers of more than a KiB.
const atOnce = 24

// Offsets in the IPv4 header (RFC 791) and in those of TCP and UDP (RFC 9293, RFC 768).
const (
	sourceAddress      = 12
	destinationAddress = 16
	sourcePort         = 0
	destinationPort    = 2
)

// replaceRules reads all rules and puts them in the place of the ones before. The new ones are written to a table that the kernel does not enter
// yet. The last transaction lets it enter there and removes the old table, so that no packet meets half of the rules.
func replaceRules(input io.Reader) error {
	var wanted ruleSet
	if err := json.NewDecoder(input).Decode(&wanted); err != nil {
		return fmt.Errorf("the rules cannot be read: %w", err)
	}
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	table, old, err := tables(connection)
	if err != nil {
		return err
	}
	made, err := writeChains(connection, table, wanted)
	if err != nil {
		return err
	}
	for _, one := range wanted.Chains {
		if one.At == nil {
			continue
		}
		entered, err := entryTo(table, one)
		if err != nil {
			return err
		}
		jump := []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: made[one.Name].Name}}
		connection.AddRule(&nftables.Rule{Table: table, Chain: connection.AddChain(entered), Exprs: jump})
	}
	if old != nil {
		connection.DelTable(old)
	}
	return flush(connection)
}

// tables adds an empty table, and says which one is in force, if any. One that a killed labnet left half written is removed.
func tables(connection *nftables.Conn) (table, old *nftables.Table, err error) {
	found, err := connection.ListChainsOfTableFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return nil, nil, err
	}
	inForce := ""
	for _, one := range found {
		if one.Hooknum != nil && (one.Table.Name == tableNames[0] || one.Table.Name == tableNames[1]) {
			inForce = one.Table.Name
		}
	}
	name := tableNames[0]
	if inForce == name {
		name = tableNames[1]
	}
	table = &nftables.Table{Family: nftables.TableFamilyIPv4, Name: name}
	// Deleting a table that is not there fails, so it is added first.
	connection.AddTable(table)
	connection.DelTable(table)
	connection.AddTable(table)
	if inForce != "" {
		old = &nftables.Table{Family: nftables.TableFamilyIPv4, Name: inForce}
	}
	return table, old, flush(connection)
}

// writeChains makes all chains, none of which the kernel enters by itself, and then their rules, some at a time.
func writeChains(connection *nftables.Conn, table *nftables.Table, wanted ruleSet) (map[string]*nftables.Chain, error) {
	made := map[string]*nftables.Chain{}
	written := 0
	flushSome := func() error {
		if written++; written%atOnce != 0 {
			return nil
		}
		return flush(connection)
	}
	for _, one := range wanted.Chains {
		made[one.Name] = connection.AddChain(&nftables.Chain{Name: "do-" + one.Name, Table: table})
		if err := flushSome(); err != nil {
			return nil, err
		}
	}
	for _, one := range wanted.Chains {
		for at, rule := range one.Rules {
			expressions, err := expressionsOf(connection, table, rule)
			if err != nil {
				return nil, fmt.Errorf("rule %d of %s: %w", at, one.Name, err)
			}
			connection.AddRule(&nftables.Rule{Table: table, Chain: made[one.Name], Exprs: expressions})
			if err := flushSome(); err != nil {
				return nil, err
			}
		}
	}
	return made, flush(connection)
}

func flush(connection *nftables.Conn) error {
	if err := connection.Flush(); err != nil {
		return fmt.Errorf("the kernel refuses the rules: %w", err)
	}
	return nil
}

func entryTo(table *nftables.Table, written chain) (*nftables.Chain, error) {
	result := &nftables.Chain{Name: written.Name, Table: table, Type: nftables.ChainTypeFilter, Priority: nftables.ChainPriorityFilter}
	hooks := map[string]*nftables.ChainHook{
		"prerouting":  nftables.ChainHookPrerouting,
		"input":       nftables.ChainHookInput,
		"forward":     nftables.ChainHookForward,
		"output":      nftables.ChainHookOutput,
		"postrouting": nftables.ChainHookPostrouting,
	}
	hook, known := hooks[written.At.Hook]
	if !known {
		return nil, fmt.Errorf("there is no hook %q", written.At.Hook)
	}
	result.Hooknum = hook
	if written.At.Type == "nat" {
		result.Type = nftables.ChainTypeNAT
		result.Priority = nftables.ChainPriorityNATDest
		if written.At.Hook == "postrouting" {
			result.Priority = nftables.ChainPriorityNATSource
		}
	}
	return result, nil
}

func expressionsOf(connection *nftables.Conn, table *nftables.Table, written rule) ([]expr.Any, error) {
	var all []expr.Any
	for _, side := range []struct {
		ranges [][2]uint32
		offset uint32
	}{{written.From, sourceAddress}, {written.To, destinationAddress}} {
		matched, err := addresses(connection, table, side.ranges, side.offset)
		if err != nil {
			return nil, err
		}
		all = append(all, matched...)
	}
	matched, err := protocol(written)
	if err != nil {
		return nil, err
	}
	all = append(all, matched...)
	all = append(all, conditions(written)...)
	then, err := verdictOf(written.Action)
	return append(all, then...), err
}

func addresses(connection *nftables.Conn, table *nftables.Table, ranges [][2]uint32, offset uint32) ([]expr.Any, error) {
	if ranges == nil {
		return nil, nil
	}
	load := &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4}
	if len(ranges) == 1 && ranges[0][0] == ranges[0][1] {
		return []expr.Any{load, equal(number(ranges[0][0]))}, nil
	}
	set := &nftables.Set{Table: table, Anonymous: true, Constant: true, Interval: true, KeyType: nftables.TypeIPAddr}
	var elements []nftables.SetElement
	for _, one := range ranges {
		elements = append(elements, nftables.SetElement{Key: number(one[0])})
		if one[1] != 1<<32-1 {
			elements = append(elements, nftables.SetElement{Key: number(one[1] + 1), IntervalEnd: true})
		}
	}
	if err := connection.AddSet(set, elements); err != nil {
		return nil, err
	}
	return []expr.Any{load, &expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID}}, nil
}

func number(address uint32) []byte { return binary.BigEndian.AppendUint32(nil, address) }

func equal(data []byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }

func protocol(written rule) ([]expr.Any, error) {
	numbers := map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP}
	if written.Protocol == "" {
		return nil, nil
	}
	wanted, known := numbers[written.Protocol]
	if !known {
		return nil, fmt.Errorf("there is no protocol %q", written.Protocol)
	}
	all := []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{wanted})}
	all = append(all, port(written.FromPort, sourcePort)...)
	return append(all, port(written.ToPort, destinationPort)...), nil
}

func port(wanted *[2]uint16, offset uint32) []expr.Any {
	if wanted == nil {
		return nil
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 2},
		&expr.Range{Op: expr.CmpOpEq, Register: 1, FromData: binaryutil.BigEndian.PutUint16(wanted[0]), ToData: binaryutil.BigEndian.PutUint16(wanted[1])},
	}
}

func conditions(written rule) []expr.Any {
	var all []expr.Any
	if written.Established {
		const bits = expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED
		all = append(all,
			&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
			&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
			&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)})
	}
	if written.Lost {
		all = append(all, &expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, equal([]byte("lo\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")))
	}
	if written.OneIn > 1 {
		all = append(all, &expr.Numgen{Register: 1, Type: unix.NFT_NG_RANDOM, Modulus: written.OneIn}, equal(make([]byte, 4)))
	}
	if written.Share != nil {
		all = append(all,
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: sourceAddress, Len: 4},
			&expr.Hash{SourceRegister: 1, DestRegister: 1, Length: 4, Modulus: written.Share.Of, Seed: 1, Type: expr.HashTypeJenkins},
			equal(binaryutil.NativeEndian.PutUint32(written.Share.Is)))
	}
	return all
}

func verdictOf(written verdict) ([]expr.Any, error) {
	switch written.Kind {
	case "accept":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}, nil
	case "drop":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}, nil
	case "return":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictReturn}}, nil
	case "jump":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: "do-" + written.Chain}}, nil
	case "refuse":
		return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}}, nil
	case "send-to":
		return translate(expr.NATTypeDestNAT, written), nil
	case "send-from":
		return translate(expr.NATTypeSourceNAT, written), nil
	}
	return nil, fmt.Errorf("there is no verdict %q", written.Kind)
}

func translate(kind expr.NATType, written verdict) []expr.Any {
	all := []expr.Any{&expr.Immediate{Register: 1, Data: net.ParseIP(written.IP).To4()}}
	nat := &expr.NAT{Type: kind, Family: unix.NFPROTO_IPV4, RegAddrMin: 1}
	if written.Port != 0 {
		all = append(all, &expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(written.Port)})
		nat.RegProtoMin = 2
	}
	return append(all, nat)
}
