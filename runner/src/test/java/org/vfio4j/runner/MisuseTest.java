// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that do everything wrong are refused with the errno of VFIO's rules, and leave nothing behind. */
class MisuseTest {
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    @ParameterizedTest
    @ValueSource(strings = {"misuse", "misuse-cdev"})
    void shouldRefuseMisuseAsTheKernelDoes(String name) throws IOException, InterruptedException {
        try (var programs = new NativePrograms()) {
            Path program = programs.compile(name);
            try (var vfio = NativePrograms.machine();
                    var run = NativePrograms.intercept(vfio)) {
                var answer = programs.run(run, program, EDU, GROUP);
                assertThat(answer.err()).isEmpty();
                assertThat(answer.code()).isZero();
                assertThat(run.openFiles()).as("files left open").isZero();
                assertThat(vfio.pinnedPages()).as("pages left pinned").isZero();
            }
        }
    }
}
