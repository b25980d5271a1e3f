// Package load offers streams of HTTP requests, keeps a record of every request on disk, and tallies
// the records into what a verdict and a report need.
//
//   - [Stream.Run] offers the requests. The load is open: a request is due when its turn comes, whether or not the ones
//     before it were answered, so a server that stalls is seen to stall.
//   - [Profile] says when each request is due: at a constant rate, or one that changes over time.
//   - [Sample] is the record of one request. [Writer] and [ReadSamples] keep records in a compact file that a killed run
//     leaves readable.
//   - [Tally] folds samples into windows, buckets and outages, in memory that does not grow with their number. [Live] is
//     a small fold for the eye, safe to look at while the run goes on.
//   - [Proportion] gives a share its confidence interval.
//
// The engine is vegeta. What it leaves to its caller is done here: due times are recorded beside start times, waiting
// and requests in flight end as soon as the run is stopped, workers are bounded, and failures are sorted into a bounded
// set of causes.
package load
