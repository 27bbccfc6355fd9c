// Each test starts many processes; beside each other they would measure the machine and not the product.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
