namespace RPort.Benchmarks.Budgets;

/// <summary>What one operation of a benchmark may allocate, whatever its parameters. Measured plus a third to a half; every benchmark has one.</summary>
/// <param name="bytes">Bytes, of all threads together.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AllocationBudgetAttribute(long bytes) : Attribute
{
    /// <summary>The bytes.</summary>
    public long Bytes => bytes;
}
