package part

import (
	"context"
	"errors"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/rpcclient"
)

// everywhereCaller returns what calls every instance of the service once. Such a call has ended well if
// somebody has answered, and nobody may have run it without an answer: an instance that is gone is named, too.
func everywhereCaller(c *rpcclient.Client) caller {
	return func(ctx context.Context, id int64, end *ledger.Entry) error {
		answered := false
		var lost, refused error
		for answer := range rpcclient.All[int64](ctx, c, ServiceName+".run", id, 0) {
			outcome := helium.OutcomeOf(answer.Err)
			one := ledger.Answer{Instance: answer.Instance, Code: ledger.OK, Outcome: outcome.String()}
			switch {
			case answer.Err == nil:
				answered = true
				end.Wrong = end.Wrong || answer.Value != id
			case outcome == helium.NotExecuted:
				one.Code, refused = helium.CodeOf(answer.Err).String(), answer.Err
			default:
				one.Code, lost = helium.CodeOf(answer.Err).String(), answer.Err
			}
			end.Answers = append(end.Answers, one)
		}
		switch {
		case lost != nil:
			return lost
		case answered:
			return nil
		case refused != nil:
			return refused
		}
		return errors.New("nobody was called, and no error says why")
	}
}
