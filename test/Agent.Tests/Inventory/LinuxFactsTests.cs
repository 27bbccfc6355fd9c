using RPort.Agent.Inventory;
using RPort.Agent.Tests.Kit;

namespace RPort.Agent.Tests.Inventory;

public sealed class LinuxFactsTests : IDisposable
{
    private readonly TempFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_debian_guest_of_kvm_is_read()
    {
        _root.Write("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n");
        _root.Write("etc/debian_version", "12.11\n");
        _root.Write("proc/cpuinfo", """
            processor	: 0
            vendor_id	: AuthenticAMD
            cpu family	: 26
            model		: 2
            model name	: AMD EPYC
            flags		: fpu vme hypervisor lahf_lm

            processor	: 1
            vendor_id	: Other
            """);
        _root.Write("proc/meminfo", "MemTotal:       24684092 kB\nMemFree: 1 kB\n");
        _root.Write("proc/sys/kernel/osrelease", "6.1.0\n");
        _root.Write("proc/sys/kernel/version", "#1 SMP\n");
        MachineFacts facts = new LinuxFacts(_root.Path).AddTo(new MachineFacts { Hostname = "vm", OsArch = "amd64" });
        Assert.Equal("Linux vm 6.1.0 #1 SMP x86_64 GNU/Linux", facts.Os);
        Assert.Equal("Debian 12.11", facts.OsFullName);
        Assert.Equal("12.11", facts.OsVersion);
        Assert.Equal("debian", facts.OsFamily);
        Assert.Equal(("AuthenticAMD", "26", "2", "AMD EPYC"), (facts.CpuVendor, facts.CpuFamily, facts.CpuModel, facts.CpuModelName));
        Assert.Equal(24684092L * 1024, facts.MemoryTotal);
        Assert.Equal(new Virtualization("KVM", "guest"), facts.Virtualization);
    }

    [Theory]
    [InlineData("ID=ubuntu\nID_LIKE=debian\nNAME=Ubuntu\nVERSION_ID=24.04", "Ubuntu 24.04", "debian")]
    [InlineData("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nNAME=\"Rocky Linux\"\nVERSION_ID=\"9.4\"", "Rocky 9.4", "rhel")]
    [InlineData("ID=rhel\nNAME=\"Red Hat Enterprise Linux\"\nVERSION_ID=9.4", "Red Hat Enterprise Linux 9.4", "rhel")]
    [InlineData("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nNAME=\"openSUSE Leap\"\nVERSION_ID=15.6", "openSUSE Leap 15.6", "suse")]
    [InlineData("ID=arch\nNAME=\"Arch Linux\"", "Arch", "arch")]
    [InlineData("ID=void\nNAME=Void", "Void", "void")]
    public void Distributions_are_told_apart(string release, string fullName, string family)
    {
        _root.Write("etc/os-release", release);
        MachineFacts facts = new LinuxFacts(_root.Path).AddTo(new MachineFacts());
        Assert.Equal(fullName, facts.OsFullName);
        Assert.Equal(family, facts.OsFamily);
    }

    [Theory]
    [InlineData("sys/class/dmi/id/sys_vendor", "VMware, Inc.", "VMware", "guest")]
    [InlineData("sys/class/dmi/id/product_name", "VirtualBox", "VirtualBox", "guest")]
    [InlineData("sys/class/dmi/id/sys_vendor", "QEMU", "KVM", "guest")]
    [InlineData("sys/hypervisor/type", "xen\n", "Xen", "guest")]
    [InlineData(".dockerenv", "", "docker", "guest")]
    [InlineData("proc/modules", "kvm_intel 1 0 - Live 0x0\n", "KVM", "host")]
    [InlineData("proc/modules", "ext4 1 0 - Live 0x0\n", "", "")]
    public void Virtualization_is_seen_without_running_a_command(string file, string text, string system, string role)
    {
        _root.Write(file, text);
        Assert.Equal(new Virtualization(system, role), new LinuxFacts(_root.Path).AddTo(new MachineFacts()).Virtualization);
    }

    [Fact]
    public void A_machine_without_any_of_the_files_has_empty_facts()
    {
        MachineFacts facts = new LinuxFacts(_root.Path).AddTo(new MachineFacts());
        Assert.Equal("Linux", facts.OsFullName);
        Assert.Equal(0, facts.MemoryTotal);
        Assert.Equal("", new LinuxFacts(_root.Path).MachineId());
    }

    [Fact]
    public void The_machine_id_is_the_systems()
    {
        _root.Write("etc/machine-id", "uninitialized\n");
        _root.Write("var/lib/dbus/machine-id", "0123\n");
        Assert.Equal("0123", new LinuxFacts(_root.Path).MachineId());
        _root.Write("etc/machine-id", "4567\n");
        Assert.Equal("4567", new LinuxFacts(_root.Path).MachineId());
    }

    [Fact]
    public void This_machine_is_described()
    {
        MachineFacts facts = new MachineProbe(TimeProvider.System).ReadQuick();
        Assert.Equal("linux", facts.OsKernel);
        Assert.Equal(Environment.ProcessorCount, facts.Cpus);
        Assert.True(facts.MemoryTotal > 100_000_000);
        Assert.DoesNotContain(facts.IPv4, address => address.StartsWith("127.", StringComparison.Ordinal));
        Assert.DoesNotContain("::1", facts.IPv6);
        Assert.Matches(@"^\S+ \(UTC[+-]\d\d:\d\d\)$", facts.Timezone);
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-01-15", "CET (UTC+01:00)")]
    [InlineData("Europe/Berlin", "2026-07-15", "CEST (UTC+02:00)")]
    [InlineData("America/New_York", "2026-01-15", "EST (UTC-05:00)")]
    [InlineData("UTC", "2026-01-15", "UTC (UTC+00:00)")]
    public void The_time_zone_is_told_with_its_present_name_and_offset(string zone, string day, string expected) => Assert.Equal(
        expected, MachineProbe.TimezoneText(TimeZoneInfo.FindSystemTimeZoneById(zone), DateTimeOffset.Parse(day, System.Globalization.CultureInfo.InvariantCulture)));
}
