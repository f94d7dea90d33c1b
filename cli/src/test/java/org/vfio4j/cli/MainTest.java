// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.util.List;
import org.junit.jupiter.api.Test;

class MainTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void shouldExplainItselfOnRequest() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: vfio4j").contains("--version");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void shouldAnswerAnUnknownOptionWithOneSentence() {
        assertThat(run("--colour")).isEqualTo(2);
        assertThat(err.toString()).isEqualTo("vfio4j: Unknown option: '--colour'; see vfio4j --help\n");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void shouldAnswerAMissingCommandWithOneSentence() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).isEqualTo("vfio4j: no command given; see vfio4j --help\n");
    }

    @Test
    void shouldTakeTheVersionFromTheModule() {
        ModuleDescriptor module =
                ModuleDescriptor.newModule("m").version("1.2.3").build();
        assertThat(ModuleVersion.of(module)).isEqualTo("1.2.3");
        assertThat(ModuleVersion.of(null)).isEqualTo("(unpackaged)");
    }

    private int run(String... args) {
        return Main.run(List.of(args), new PrintWriter(out, true), new PrintWriter(err, true));
    }
}
