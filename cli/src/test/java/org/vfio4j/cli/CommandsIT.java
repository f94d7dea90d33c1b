// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command as users run it, with what they type right and wrong. */
class CommandsIT {
    private static final Installed VFIO4J = Installed.complete();

    private static Installed.Answer ran(String... arguments) throws IOException, InterruptedException {
        var answer = VFIO4J.run(arguments);
        assertThat(answer.exitCode())
                .as("exit code of %s: %s", String.join(" ", arguments), answer.err())
                .isZero();
        assertThat(answer.err())
                .as("standard error of %s", String.join(" ", arguments))
                .isEmpty();
        return answer;
    }

    private static void refused(String reason, String... arguments) throws IOException, InterruptedException {
        var answer = VFIO4J.run(arguments);
        var what = String.join(" ", arguments);
        assertThat(answer.err())
                .as("standard error of %s", what)
                .singleElement()
                .asString()
                .startsWith("vfio4j: ")
                .contains(reason)
                .doesNotContain("Exception");
        assertThat(answer.out()).as("standard output of %s", what).isEmpty();
        assertThat(answer.exitCode()).as("exit code of %s", what).isEqualTo(2);
    }

    @Test
    void shouldShowTheTree() throws IOException, InterruptedException {
        assertThat(ran("ls").out())
                .anyMatch(line -> line.startsWith("machine default: "))
                .anyMatch(line -> line.startsWith("group ") && line.endsWith("viable"))
                .anyMatch(line -> line.contains("not viable: "))
                .anyMatch(line -> line.contains("pci  0000:00:05.0  [vfio-pci]"))
                .anyMatch(line -> line.contains("[native e1000e]"));
    }

    @Test
    void shouldShowWhatProgramsSee() throws IOException, InterruptedException {
        assertThat(ran("tree", "/dev/vfio").out()).contains("devices/", "vfio  0666  10:196");
        assertThat(ran("tree", "/sys/bus/pci/devices/0000:00:05.0/vendor").out())
                .containsExactly("0x1234");
        assertThat(ran("tree", "/sys/bus/pci/devices/0000:00:05.0/config").out())
                .hasSize(16)
                .first()
                .asString()
                .startsWith("000: 34 12 e8 11");
        assertThat(ran("tree", "/sys/bus/pci").out()).contains("devices/", "drivers_probe  0200");
        String override = "/sys/bus/pci/devices/0000:00:05.0/driver_override";
        assertThat(ran("tree", override, "--write", "pci-stub", "then", "tree", override)
                        .out())
                .containsExactly("pci-stub");
        refused("there is no /sys/nothing", "tree", "/sys/nothing");
        refused("does not fit", "tree", "/sys/bus/pci/drivers/vfio-pci/bind", "--write", "0000:02:00.1");
    }

    @Test
    void shouldShowTheTreeInJson() throws IOException, InterruptedException {
        var tree = ran("ls", "--json").json();
        var groups = Installed.list(tree, "groups");
        assertThat(groups).extracting(group -> group.get("viable")).contains(true, false);
        assertThat(groups).extracting(group -> group.get("translation")).contains("paging", "tce");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000:00:05.0", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003", "dpio.1", "0000:05:00.0", "vfio0"})
    void shouldTellAboutADevice(String device) throws IOException, InterruptedException {
        var facts = Installed.list(ran("info", device, "--json").json(), "");
        assertThat(facts).extracting(fact -> fact.get("name")).contains("device", "driver", "group", "sysfs");
        assertThat(ran("info", device).out()).hasSize(facts.size());
    }

    @Test
    void shouldNameBackendsAndDrivers() throws IOException, InterruptedException {
        assertThat(Installed.list(ran("backends", "--json").json(), ""))
                .extracting(backend -> backend.get("name"))
                .containsExactlyInAnyOrder("type1", "iommufd", "spapr");
        assertThat(Installed.list(ran("drivers", "--json").json(), ""))
                .extracting(driver -> driver.get("name"))
                .containsExactlyInAnyOrder("vfio-pci", "vfio-mdev", "vfio-fsl-mc");
        assertThat(ran("backends").out()).anyMatch(line -> line.contains("from org.vfio4j.backend.type1 ("));
        assertThat(ran("drivers").out()).anyMatch(line -> line.contains("from org.vfio4j.drivers.pci ("));
    }

    @Test
    void shouldShowEveryCombinationInTheDemonstration() throws IOException, InterruptedException {
        var answer = ran("demo", "--json", "--rounds", "1").json();
        var combinations = Installed.list(answer, "combinations");
        assertThat(combinations).isNotEmpty().allSatisfy(CommandsIT::wentAsItMust);
        for (var backend : new String[] {"type1", "iommufd", "spapr"}) {
            assertThat(combinations)
                    .as("something moved data through %s", backend)
                    .anyMatch(each -> backend.equals(each.get("backend")) && "moved".equals(each.get("verdict")));
        }
        for (var bus : new String[] {"pci", "mdev", "fsl-mc"}) {
            assertThat(combinations)
                    .as("a device of bus %s moved data", bus)
                    .anyMatch(each -> bus.equals(each.get("bus")) && "moved".equals(each.get("verdict")));
        }
    }

    private static void wentAsItMust(Map<String, Object> combination) {
        if ("moved".equals(combination.get("verdict"))) {
            assertThat((Long) combination.get("bytes"))
                    .as("bytes of %s", combination)
                    .isPositive();
            assertThat((Long) combination.get("interrupts"))
                    .as("interrupts of %s", combination)
                    .isPositive();
        } else {
            assertThat(combination).containsEntry("verdict", "refused");
            assertThat(String.valueOf(combination.get("detail")))
                    .as("errno and reason of %s", combination)
                    .matches("E[A-Z]+: .+");
        }
    }

    @Test
    void shouldRunOnACapturedMachine() throws IOException, InterruptedException {
        var captured = captured().toString();
        assertThat(Installed.list(ran("ls", "--machine", captured, "--json").json(), "groups"))
                .hasSize(17);
        assertThat(ran("info", "--machine", captured, "0000:00:02.0").out()).isNotEmpty();
    }

    @Test
    void shouldRefuseAMachineThatIsNotThere(@TempDir Path folder) throws IOException, InterruptedException {
        var missing = folder.resolve("none.json").toString();
        refused(missing, "ls", "--machine", missing);
    }

    @Test
    void shouldRefuseABrokenMachine(@TempDir Path folder) throws IOException, InterruptedException {
        var broken = Files.writeString(folder.resolve("broken.json"), "{\n  \"name\": \"x\",\n  \"pci\": [\n");
        refused("broken.json:4", "demo", "--machine", broken.toString());
        var unknown = Files.writeString(folder.resolve("unknown.json"), "{\n  \"name\": \"x\",\n  \"pcie\": {}\n}\n");
        refused("unknown.json:3", "ls", "--machine", unknown.toString());
        var empty = Files.writeString(folder.resolve("empty.json"), "");
        refused("empty.json", "ls", "--machine", empty.toString());
        var binary = Files.write(folder.resolve("binary.json"), new byte[] {0, 1, 2, (byte) 0xff});
        refused("binary.json", "ls", "--machine", binary.toString());
        refused(folder.toString(), "ls", "--machine", folder.toString());
    }

    @Test
    void shouldRefuseATruncatedDump(@TempDir Path folder) throws IOException, InterruptedException {
        try (var files = Files.list(captured())) {
            for (var file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        var dump = folder.resolve("lspci-xxxx.txt");
        var bytes = Files.readAllBytes(dump);
        Files.write(dump, Arrays.copyOf(bytes, bytes.length / 2 + 5));
        refused("lspci-xxxx.txt", "ls", "--machine", folder.toString());
    }

    @Test
    void shouldRefuseNamesThatAreNotThere() throws IOException, InterruptedException {
        refused("0000:00:05.7", "info", "0000:00:05.7");
        refused("0000:00:05.7", "demo", "--device", "0000:00:05.7");
        refused("no backend \"type9\"", "demo", "--backend", "type9");
        refused("vfio-nothing", "bind", "0000:01:00.0", "vfio-nothing");
        refused("nowhere", "ls", "--host", "nowhere");
        refused("frobnicate", "frobnicate");
        refused("--rounds", "demo", "--rounds", "0");
    }

    private static Path captured() {
        var launcher = Path.of(Objects.requireNonNull(System.getProperty("launcher"), "launcher"));
        return launcher.resolveSibling("host-embedded")
                .resolve("src/test/resources/org/vfio4j/host/embedded/capture/q35-25fn");
    }
}
