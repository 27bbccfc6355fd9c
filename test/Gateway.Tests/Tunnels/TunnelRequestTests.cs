using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using RPort.Gateway.Access;
using RPort.Gateway.Errors;
using RPort.Gateway.Tunnels;
using RPort.Gateway.Tunnels.Api;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Tunnels;

/// <summary>Reading the query of a new tunnel.</summary>
public sealed class TunnelRequestTests
{
    [Fact]
    public void A_port_alone_is_a_port_of_the_clients_machine_open_to_the_caller_for_five_idle_minutes()
    {
        (TunnelSpec spec, bool check) = Read("remote=22");

        Assert.Equal(
            new TunnelSpec
            {
                Protocol = TunnelProtocol.Tcp,
                LocalHost = "0.0.0.0",
                LocalPort = 0,
                LocalPortRandom = true,
                Owner = "admin",
                RemoteHost = "127.0.0.1",
                RemotePort = 22,
                Acl = "198.51.100.7",
                IdleTimeoutMinutes = 5,
            },
            spec);
        Assert.True(check);
    }

    [Theory]
    [InlineData("remote=printer.lan:80", "printer.lan", 80)]
    [InlineData("remote=[2001:DB8:0::7]:443", "2001:db8::7", 443)]
    [InlineData("remote=[fe80::1%25eth0]:9100", "fe80::1%eth0", 9100)]
    [InlineData("remote=65535", "127.0.0.1", 65535)]
    [InlineData("remote=%2022%20", "127.0.0.1", 22)]
    public void The_target_is_read(string query, string host, int port)
    {
        TunnelSpec spec = Read(query).Spec;
        Assert.Equal((host, port), (spec.RemoteHost, spec.RemotePort));
    }

    [Theory]
    [InlineData("", "0.0.0.0", 0, true)]
    [InlineData("20100", "0.0.0.0", 20100, false)]
    [InlineData("127.0.0.1:20100", "127.0.0.1", 20100, false)]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0, true)]
    [InlineData("localhost:20100", "127.0.0.1", 20100, false)]
    [InlineData("[::1]:20100", "::1", 20100, false)]
    [InlineData("[::]:20100", "0.0.0.0", 20100, false)]
    [InlineData("[::ffff:127.0.0.1]:20100", "127.0.0.1", 20100, false)]
    public void The_gateways_end_is_read(string local, string host, int port, bool random)
    {
        TunnelSpec spec = Read($"remote=22&local={local}").Spec;
        Assert.Equal((host, port, random), (spec.LocalHost, spec.LocalPort, spec.LocalPortRandom));
    }

    [Theory]
    [InlineData("tcp", TunnelProtocol.Tcp, true)]
    [InlineData("udp", TunnelProtocol.Udp, false)] // whether a UDP port listens cannot be told
    [InlineData("tcp%2Budp", TunnelProtocol.TcpAndUdp, true)]
    [InlineData("tcp+udp", TunnelProtocol.TcpAndUdp, true)]
    public void The_protocol_is_read(string text, TunnelProtocol protocol, bool check)
    {
        (TunnelSpec spec, bool checkPort) = Read($"remote=22&protocol={text}");
        Assert.Equal((protocol, check), (spec.Protocol, checkPort));
    }

    [Theory]
    [InlineData("check_port=0", false)]
    [InlineData("check_port=false", false)]
    [InlineData("check_port=1", true)]
    [InlineData("check_port=", true)]
    public void The_target_is_tried_unless_told_otherwise(string query, bool check) => Assert.Equal(check, Read($"remote=22&{query}").CheckPort);

    [Theory]
    [InlineData("idle-timeout-minutes=0", 0)]
    [InlineData("idle-timeout-minutes=10080", 10080)]
    [InlineData("skip-idle-timeout=true", 0)]
    [InlineData("skip-idle-timeout=false", 5)]
    [InlineData("skip-idle-timeout=true&idle-timeout-minutes=0", 0)]
    [InlineData("skip-idle-timeout=0&idle-timeout-minutes=7", 7)]
    public void The_idle_timeout_is_read(string query, int minutes) => Assert.Equal(minutes, Read($"remote=22&{query}").Spec.IdleTimeoutMinutes);

    [Theory]
    [InlineData("1m30s", 90)]
    [InlineData("744h", 744 * 3600)]
    [InlineData("0", 0)]
    [InlineData("", 0)]
    public void Auto_close_is_read(string text, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Read($"remote=22&auto-close={text}").Spec.AutoClose);

    [Fact]
    public void A_proxy_is_read_and_only_a_hash_of_its_password_is_left()
    {
        TunnelSpec spec = Read("remote=printer.lan:80&scheme=http&http_proxy=true&host_header=printer.example:8080&auth_user=anna&auth_password=%20geheim:%20", proxy: true).Spec;

        Assert.Equal((true, "printer.example:8080", "anna", "http"), (spec.HttpProxy, spec.HostHeader, spec.AuthUser, spec.Scheme));
        Assert.DoesNotContain("geheim", spec.AuthPasswordHash, StringComparison.Ordinal);
        Assert.Equal(PasswordVerificationResult.Success, new PasswordHasher<TunnelSpec>().VerifyHashedPassword(spec, spec.AuthPasswordHash, " geheim: "));
    }

    [Theory]
    [InlineData("10.0.0.1,192.168.7.9/16,10.0.0.1", "10.0.0.1,192.168.0.0/16")]
    [InlineData("0.0.0.0/0,::/0", "0.0.0.0/0,::/0")]
    [InlineData("%20", "198.51.100.7")]
    public void The_acl_is_kept_in_its_shortest_form(string acl, string kept) => Assert.Equal(kept, Read($"remote=22&acl={acl}").Spec.Acl);

    [Theory]
    [InlineData("remote=abc", "ERR_CODE_INVALID_REMOTE", "failed to decode \"abc\": Missing ports")]
    [InlineData("", "ERR_CODE_INVALID_REMOTE", "failed to decode \"\": Missing ports")]
    [InlineData("remote=0", "ERR_CODE_INVALID_REMOTE", "failed to decode \"0\": Invalid port")]
    [InlineData("remote=h:65536", "ERR_CODE_INVALID_REMOTE", "failed to decode \"h:65536\": Invalid port")]
    [InlineData("remote=99999999999999999999", "ERR_CODE_INVALID_REMOTE", "failed to decode \"99999999999999999999\": Invalid port")]
    [InlineData("remote=-22", "ERR_CODE_INVALID_REMOTE", "failed to decode \"-22\": Missing ports")]
    [InlineData("remote=:22", "ERR_CODE_INVALID_REMOTE", "failed to decode \":22\": Invalid host")]
    [InlineData("remote=2001:db8::7:22", "ERR_CODE_INVALID_REMOTE", "failed to decode \"2001:db8::7:22\": Invalid host")]
    [InlineData("remote=[::1]", "ERR_CODE_INVALID_REMOTE", "failed to decode \"[::1]\": Missing ports")]
    [InlineData("remote=[127.0.0.1]:22", "ERR_CODE_INVALID_REMOTE", "failed to decode \"[127.0.0.1]:22\": Invalid host")]
    [InlineData("remote=a%20b:22", "ERR_CODE_INVALID_REMOTE", "failed to decode \"a b:22\": Invalid host")]
    [InlineData("remote=a/b:22", "ERR_CODE_INVALID_REMOTE", "failed to decode \"a/b:22\": Invalid host")]
    [InlineData("remote=22&local=x", "ERR_CODE_INVALID_LOCAL", "failed to decode \"x\": Missing ports")]
    [InlineData("remote=22&local=some.host:20000", "ERR_CODE_INVALID_LOCAL", "failed to decode \"some.host:20000\": Invalid host")]
    [InlineData("remote=22&protocol=sctp", "ERR_CODE_INVALID_PROTOCOL", "invalid protocol sctp")]
    [InlineData("remote=22&scheme=0123456789abcdef", "ERR_CODE_URI_SCHEME_LENGTH_EXCEED", "Invalid URI scheme.")]
    [InlineData("remote=22&http_proxy=perhaps", "ERR_CODE_INVALID_PARAMETER", "invalid http_proxy value perhaps")]
    [InlineData("remote=22&http_proxy=true&scheme=http", "ERR_CODE_TUNNEL_PROXY_NOT_ENABLED", "creation of tunnel proxy not enabled")]
    [InlineData("remote=22&host_header=x", "ERR_CODE_TUNNEL_PROXY_REQUIRED", "host_header not allowed when http_proxy is false")]
    [InlineData("remote=22&auth_user=a&auth_password=b", "ERR_CODE_TUNNEL_PROXY_REQUIRED", "http basic authentication requires http_proxy to be activated on the requested tunnel")]
    [InlineData("remote=22&idle-timeout-minutes=10081", "ERR_CODE_INVALID_IDLE_TIMEOUT", "invalid idle-timeout-minutes 10081")]
    [InlineData("remote=22&idle-timeout-minutes=-1", "ERR_CODE_INVALID_IDLE_TIMEOUT", "invalid idle-timeout-minutes -1")]
    [InlineData("remote=22&idle-timeout-minutes=five", "ERR_CODE_INVALID_IDLE_TIMEOUT", "invalid idle-timeout-minutes five")]
    [InlineData("remote=22&idle-timeout-minutes=5&skip-idle-timeout=1", "ERR_CODE_CONFLICTING_PARAMETERS", "idle-timeout-minutes conflicts with skip-idle-timeout")]
    [InlineData("remote=22&auto-close=90", "ERR_CODE_INVALID_AUTO_CLOSE", "invalid tunnel auto-close format")]
    [InlineData("remote=22&auto-close=-1s", "ERR_CODE_INVALID_AUTO_CLOSE", "invalid tunnel auto-close format")]
    [InlineData("remote=22&auto-close=745h", "ERR_CODE_INVALID_AUTO_CLOSE", "tunnel auto-close out of range")]
    [InlineData("remote=22&acl=999.1.1.1", "ERR_CODE_INVALID_ACL", "Invalid ACL: invalid IP addr: 999.1.1.1")]
    [InlineData("remote=22&acl=10.0.0.0/33", "ERR_CODE_INVALID_ACL", "Invalid ACL: invalid CIDR address: 10.0.0.0/33")]
    [InlineData("remote=22&acl=10.0.0.1,", "ERR_CODE_INVALID_ACL", "Invalid ACL: invalid IP addr: ")]
    [InlineData("remote=22&acl=10.0.0.1,0.0.0.0", "ERR_CODE_INVALID_ACL", "Invalid ACL: 0.0.0.0 would not work")]
    [InlineData("remote=22&check_port=no", "ERR_CODE_INVALID_PARAMETER", "invalid check_port value no")]
    [InlineData("remote=22&name=a%00b", "ERR_CODE_INVALID_PARAMETER", "invalid name")]
    [InlineData("remote=22&timeout=5", "ERR_CODE_UNKNOWN_PARAMETER", "unknown parameter timeout")]
    [InlineData("remote=22&remote=23", "ERR_CODE_REPEATED_PARAMETER", "parameter remote is given more than once")]
    public void What_makes_no_sense_is_named_with_what_is_expected(string query, string code, string title)
    {
        ApiFailure failure = Assert.Throws<ApiFailureException>(() => Read(query)).Failure;
        Assert.Equal((400, code, title), (failure.Status, failure.Errors[0].Code, failure.Errors[0].Title));
        Assert.NotEmpty(failure.Errors[0].Detail);
    }

    [Theory]
    [InlineData("http_proxy=1", "ERR_CODE_TUNNEL_PROXY_NOT_ALLOWED", "tunnel proxy not allowed without a scheme")]
    [InlineData("http_proxy=1&scheme=vnc", "ERR_CODE_TUNNEL_PROXY_NOT_ALLOWED", "tunnel proxy not allowed with scheme vnc")]
    [InlineData("http_proxy=1&scheme=rdp", "ERR_CODE_TUNNEL_PROXY_NOT_ALLOWED", "tunnel proxy not allowed with scheme rdp")]
    [InlineData("http_proxy=1&scheme=https&protocol=udp", "ERR_CODE_TUNNEL_PROXY_NOT_ALLOWED", "tunnel proxy not allowed with protocol udp")]
    [InlineData("http_proxy=1&scheme=https&host_header=a%20b", "ERR_CODE_INVALID_HOST_HEADER", "invalid host_header")]
    [InlineData("http_proxy=1&scheme=https&host_header=x%0d%0aEvil:1", "ERR_CODE_INVALID_HOST_HEADER", "invalid host_header")]
    [InlineData("http_proxy=1&scheme=https&auth_user=a", "ERR_CODE_INVALID_AUTH", "auth_user and auth_password go together")]
    [InlineData("http_proxy=1&scheme=https&auth_password=a", "ERR_CODE_INVALID_AUTH", "auth_user and auth_password go together")]
    [InlineData("http_proxy=1&scheme=https&auth_user=a:b&auth_password=c", "ERR_CODE_INVALID_AUTH", "invalid auth_user")]
    public void Where_proxies_are_enabled_they_have_rules_of_their_own(string query, string code, string title)
    {
        ApiError error = Assert.Throws<ApiFailureException>(() => Read($"remote=80&{query}", proxy: true)).Failure.Errors[0];
        Assert.Equal((code, title), (error.Code, error.Title));
    }

    /// <summary>Everything is wrong; mending the first complaint each time brings the next.</summary>
    [Fact]
    public void Checks_run_in_the_order_scripts_know()
    {
        (string Broken, string Mended, string Code)[] steps =
        [
            ("remote=x", "remote=22", "ERR_CODE_INVALID_REMOTE"),
            ("local=x", "local=20000", "ERR_CODE_INVALID_LOCAL"),
            ("scheme=0123456789abcdef", "scheme=ssh", "ERR_CODE_URI_SCHEME_LENGTH_EXCEED"),
            ("host_header=a", "", "ERR_CODE_TUNNEL_PROXY_REQUIRED"),
            ("auth_user=a", "", "ERR_CODE_TUNNEL_PROXY_REQUIRED"),
            ("idle-timeout-minutes=x", "idle-timeout-minutes=1", "ERR_CODE_INVALID_IDLE_TIMEOUT"),
            ("auto-close=x", "auto-close=1m", "ERR_CODE_INVALID_AUTO_CLOSE"),
            ("acl=x", "acl=10.0.0.1", "ERR_CODE_INVALID_ACL"),
        ];
        for (int mended = 0; mended < steps.Length; mended++)
        {
            string query = string.Join('&', steps.Select((step, i) => i < mended ? step.Mended : step.Broken));
            Assert.Equal(steps[mended].Code, Assert.Throws<ApiFailureException>(() => Read(query)).Failure.Errors[0].Code);
        }
    }

    [Fact]
    public void A_caller_without_an_address_has_to_say_who_may_use_it()
    {
        Assert.Equal("ERR_CODE_INVALID_ACL", Assert.Throws<ApiFailureException>(() => Read("remote=22", caller: null)).Failure.Errors[0].Code);
        Assert.Equal("10.0.0.1", Read("remote=22&acl=10.0.0.1", caller: null).Spec.Acl);
    }

    private static TunnelRequest Read(string query, bool proxy = false, string? caller = "::ffff:198.51.100.7")
    {
        TunnelOptions options = proxy ? new TunnelOptions { ProxyCertFile = "cert.pem", ProxyKeyFile = "key.pem" } : new TunnelOptions();
        var context = new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "admin")], "test")) };
        context.Request.QueryString = new QueryString($"?{query}");
        context.Connection.RemoteIpAddress = caller is null ? null : IPAddress.Parse(caller);
        return new TunnelRequestReader(Options.Create(options), new AclText(new ClientAddress(Options.Create(new AccessOptions())))).Read(context);
    }
}
