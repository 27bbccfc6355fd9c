namespace Orleans.Engine;

/// <summary>State that an activation reads before it takes calls.</summary>
internal interface IActivationState
{
    Task LoadAsync(CancellationToken cancellationToken);
}
