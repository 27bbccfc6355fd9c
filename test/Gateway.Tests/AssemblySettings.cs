// Each gateway here hosts a silo, and on real Orleans these take fixed ports.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
