namespace Orleans.Configuration;

/// <summary>When idle grains leave memory, and how long that and their coming may take.</summary>
public class GrainCollectionOptions
{
    /// <summary>Time between two looks for idle grains.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Time without a call after which a grain is idle. Longer than the quantum.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary><see cref="CollectionAge"/> by full name of the grain class.</summary>
    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

    /// <summary>Time OnActivateAsync has before its token fires and the activation fails.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time OnDeactivateAsync has before its token fires and the activation goes without it.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
