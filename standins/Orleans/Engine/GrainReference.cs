namespace Orleans.Runtime;

/// <summary>Base of the references that callers hold.</summary>
public class GrainReference : IAddressable
{
    internal GrainReference(GrainId grainId)
    {
        GrainId = grainId;
    }

    public GrainId GrainId { get; }
}
