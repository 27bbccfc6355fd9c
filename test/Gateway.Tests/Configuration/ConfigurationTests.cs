using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Tests.Configuration;

public sealed class ConfigurationTests
{
    [Fact]
    public void A_mistyped_key_stops_the_start_and_is_named_with_the_right_one()
    {
        ConfigurationMistakeException mistake = Assert.Throws<ConfigurationMistakeException>(() => GatewayHost.CreateBuilder(["--Api:Adress=127.0.0.1:0"]));

        Assert.Equal("Unknown configuration key 'Api:Adress'. Did you mean 'Api:Address'?", mistake.Message);
    }

    [Theory]
    [InlineData("--verbose")]
    [InlineData("--verbose", "--Api:Address=127.0.0.1:0")]
    public void An_argument_without_a_value_is_refused(params string[] args)
    {
        ConfigurationMistakeException mistake = Assert.Throws<ConfigurationMistakeException>(() => GatewayHost.CreateBuilder(args));

        Assert.StartsWith("Argument '--verbose' has no value", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_out_of_bounds_stops_the_start_and_is_named()
    {
        WebApplicationBuilder builder = GatewayHost.CreateBuilder(["--Api:Auth=nopassword"]);

        OptionsValidationException mistake = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using WebApplication app = GatewayHost.Build(builder);
            await app.StartAsync();
        });

        Assert.Contains("Api:Auth must have the form user:password.", mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("nopassword", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_lists_every_option_with_its_default_and_what_it_does()
    {
        IReadOnlyList<OptionsSection> sections = GatewayHost.CreateBuilder([]).Services.KnownSections();

        KnownKey[] keys = [.. sections.SelectMany(KnownKey.Of)];

        Assert.Contains(keys, k => k is { Key: "Files:MaxFilePushSize", Default: "10485760" });
        Assert.Contains(keys, k => k is { Key: "Api:Address", Default: "0.0.0.0:3000" });
        Assert.Contains(keys, k => k.Key == "Cluster:Mode");
        Assert.Empty(keys.Where(k => k.Description.Length == 0).Select(k => k.Key));
    }

    [Fact]
    public void A_cluster_without_common_secrets_is_refused() =>
        Assert.Throws<ConfigurationMistakeException>(() => GatewayHost.CreateBuilder(["--Cluster:Mode=Cluster", "--Cluster:Membership=Localhost"]));
}
