using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurClient;

/// <summary>The tests that need an account of this machine share one, and so run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SshdCollection : ICollectionFixture<SystemAccount>
{
    public const string Name = "sshd";
}
