namespace RPort.Gateway.Tests.Kit;

/// <summary>One gateway for all tests that need nothing special; each of them uses clients and pushes of its own.</summary>
public sealed class SharedGateway : IAsyncLifetime
{
    public const string Name = "shared gateway";

    public TestGateway Gateway { get; private set; } = null!;

    public async Task InitializeAsync() => Gateway = await TestGateway.StartAsync("Files:MaxFilePushSize=2000000", "Files:EnableTestPage=true", "Files:FeedQueue=8");

    public async Task DisposeAsync() => await Gateway.DisposeAsync();
}

[CollectionDefinition(SharedGateway.Name)]
public sealed class SharedGatewayCollection : ICollectionFixture<SharedGateway>;
