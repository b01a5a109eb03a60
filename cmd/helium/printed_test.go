package main

// What subcommands print with -o json, as far as these tests read it.

// benchReport is what helium bench prints.
type benchReport struct {
	OK          int  `json:"ok"`
	Failed      int  `json:"failed"`
	Interrupted bool `json:"interrupted"`
}

// callTrace is what helium call -v tells.
type callTrace struct {
	Subject   string  `json:"subject"`
	Instance  string  `json:"instance"`
	Instances int     `json:"instances"`
	Attempts  int     `json:"attempts"`
	ConnectMS float64 `json:"connect_ms"`
	LookupMS  float64 `json:"lookup_ms"`
	SendMS    float64 `json:"send_ms"`
	WaitMS    float64 `json:"wait_ms"`
	HandlerMS float64 `json:"handler_ms"`
	DecodeMS  float64 `json:"decode_ms"`
}

// topRow is a row of helium top.
type topRow struct {
	Service  string   `json:"service"`
	Method   string   `json:"method"`
	Instance string   `json:"instance"`
	Calls    float64  `json:"calls_per_second"`
	P50MS    *float64 `json:"p50_ms"`
	P99MS    *float64 `json:"p99_ms"`
}

// whyReport is what helium why prints.
type whyReport struct {
	OK     bool       `json:"ok"`
	Stages []whyStage `json:"stages"`
	Links  []whyLink  `json:"links"`
	Exit   int        `json:"exit"`
	Next   string     `json:"next"`
}

type whyLink struct {
	Instance string `json:"instance"`
	Link     string `json:"link"`
	Reason   string `json:"reason"`
}

type whyStage struct {
	Stage  string `json:"stage"`
	Status string `json:"status"`
	Found  string `json:"found"`
	Next   string `json:"next"`
}

// doctorReport is what helium doctor prints.
type doctorReport struct {
	OK     bool          `json:"ok"`
	Checks []doctorCheck `json:"checks"`
	Exit   int           `json:"exit"`
}

type doctorCheck struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Found  string `json:"found"`
	Next   string `json:"next"`
}

// What a stage or a check may say.
const (
	statusOK      = "ok"
	statusWarning = "warning"
	statusFailed  = "failed"
	statusSkipped = "skipped"
)
