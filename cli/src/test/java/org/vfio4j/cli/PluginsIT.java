// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds what third parties write, from their own poms, and lets {@code ./vfio4j --plugins} find it. */
class PluginsIT {
    private static final Path LAUNCHER = Path.of(Objects.requireNonNull(System.getProperty("launcher")));

    @TempDir
    private static Path home;

    private static Path plugins;

    @BeforeAll
    static void buildExamples() throws IOException, InterruptedException {
        var sources =
                Objects.requireNonNull(LAUNCHER.toAbsolutePath().normalize().getParent());
        var thirdParty = new ThirdParty(sources, home);
        plugins = Files.createDirectory(home.resolve("plugins"));
        for (var example : List.of("examples/third-party-driver", "examples/third-party-backend")) {
            var jar = thirdParty.build(example);
            Files.copy(jar, plugins.resolve(jar.getFileName()));
        }
    }

    @Test
    void shouldShowTheDeviceWithItsDriver() throws IOException, InterruptedException {
        assertThat(run("ls", "--plugins", plugins.toString()))
                .anySatisfy(line -> assertThat(line).contains("adder0", "vfio-acme"));
        assertThat(run("ls")).noneMatch(line -> line.contains("adder0"));
    }

    @Test
    void shouldListTheBackendAndTheDriverWithTheirModules() throws IOException, InterruptedException {
        assertThat(run("backends", "--plugins", plugins.toString()))
                .anyMatch(line -> line.startsWith("plain "))
                .anyMatch(line -> line.contains("container type 4096 (plain)"))
                .anyMatch(line -> line.contains("from com.example.plainiommu"));
        assertThat(run("drivers", "--plugins", plugins.toString()))
                .anyMatch(line -> line.startsWith("vfio-acme "))
                .anyMatch(line -> line.contains("from com.example.adder"));
    }

    @Test
    void shouldMoveDataOfEveryBusThroughTheBackend() throws IOException, InterruptedException {
        assertThat(run("demo", "--plugins", plugins.toString(), "--backend", "plain", "--rounds", "1"))
                .anySatisfy(line -> assertThat(line).startsWith("ok").contains("plain group", "pci"))
                .anySatisfy(line -> assertThat(line).startsWith("ok").contains("plain group", "mdev"))
                .anySatisfy(line -> assertThat(line).startsWith("ok").contains("plain group", "acme"))
                .anySatisfy(line -> assertThat(line).startsWith("refused").contains("EOPNOTSUPP"));
    }

    @Test
    void shouldMoveDataOfTheDeviceThroughEveryBackend() throws IOException, InterruptedException {
        assertThat(run("demo", "--plugins", plugins.toString(), "--device", "adder0", "--rounds", "1"))
                .anySatisfy(line -> assertThat(line).startsWith("ok").contains("type1v2 group", "adder0"))
                .anySatisfy(line -> assertThat(line).startsWith("ok").contains("iommufd cdev", "adder0"))
                .anySatisfy(line -> assertThat(line).startsWith("ok").contains("plain group", "adder0"));
    }

    /** Runs a command that must succeed; answers what it said. */
    private static List<String> run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor())
                .as("exit code of %s, which said:%n%s", command, String.join("\n", lines))
                .isZero();
        return lines;
    }
}
