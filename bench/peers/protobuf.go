package peers

import (
	"context"
	"fmt"

	"github.com/helium-rpc/helium/bench/benchpb"
	"github.com/helium-rpc/helium/bench/benchsvc"
)

// protoService is benchsvc.Service in protocol buffers. Their users hold messages, so
// orders are echoed as such and never converted.
type protoService struct{ service benchsvc.Service }

func (s protoService) Add(ctx context.Context, in *benchpb.AddRequest) (*benchpb.AddReply, error) {
	sum, err := s.service.Add(ctx, in.A, in.B)
	return &benchpb.AddReply{Sum: sum}, err
}

func (s protoService) Echo(ctx context.Context, in *benchpb.Blob) (*benchpb.Blob, error) {
	data, err := s.service.Echo(ctx, in.Data)
	return &benchpb.Blob{Data: data}, err
}

func (protoService) EchoOrder(_ context.Context, in *benchpb.Order) (*benchpb.Order, error) {
	return in, nil
}

// protoClient is what the clients have in common that the generators make.
type protoClient interface {
	Add(context.Context, *benchpb.AddRequest) (*benchpb.AddReply, error)
	Echo(context.Context, *benchpb.Blob) (*benchpb.Blob, error)
	EchoOrder(context.Context, *benchpb.Order) (*benchpb.Order, error)
}

// protoCaller returns the Call of a payload for a client made from the .proto file.
func protoCaller(p Payload, client protoClient) (Call, error) {
	bounded := func(call func(ctx context.Context) error) Call {
		return func() error {
			ctx, cancel := context.WithTimeout(context.Background(), Timeout)
			defer cancel()
			return call(ctx)
		}
	}
	switch p {
	case Add:
		return bounded(func(ctx context.Context) error {
			out, err := client.Add(ctx, &benchpb.AddRequest{A: addA, B: addB})
			if err != nil {
				return err
			}
			return checkSum(out.Sum)
		}), nil
	case Order:
		order := benchsvc.SampleOrder()
		in := protoOrder(&order)
		return bounded(func(ctx context.Context) error {
			out, err := client.EchoOrder(ctx, in)
			if err != nil {
				return err
			}
			return checkOrderParts(out.Id, len(out.Lines), out.GetCustomer().GetAddress().GetCity(), len(out.Notes), &order)
		}), nil
	}
	data := p.data()
	if data == nil {
		return nil, fmt.Errorf("no payload is called %q", p)
	}
	return bounded(func(ctx context.Context) error {
		out, err := client.Echo(ctx, &benchpb.Blob{Data: data})
		if err != nil {
			return err
		}
		return checkData(out.Data, data)
	}), nil
}

func protoOrder(o *benchsvc.Order) *benchpb.Order {
	out := &benchpb.Order{
		Id: o.ID, Placed: o.Placed, Notes: o.Notes,
		Customer: &benchpb.Customer{
			Name: o.Customer.Name, Email: o.Customer.Email,
			Address: &benchpb.Address{Street: o.Customer.Address.Street, City: o.Customer.Address.City, Country: o.Customer.Address.Country},
		},
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, &benchpb.Line{Sku: l.SKU, Quantity: l.Quantity, Price: l.Price, Tags: l.Tags})
	}
	return out
}
