namespace RPort.Gateway.Operations;

/// <summary>Endpoint metadata: anybody may call the operation, which itself reads the user and password of the call.</summary>
internal sealed class AsksForBasic
{
    public static AsksForBasic Mark { get; } = new();
}
