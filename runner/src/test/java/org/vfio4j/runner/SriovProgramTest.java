// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vfio4j.SysView;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;

/** A native program that enables virtual functions, uses one and takes them away. */
@Timeout(180)
class SriovProgramTest {
    private static final String PF = "0000:06:00.0";

    @SuppressWarnings("NullAway.Init")
    private static NativePrograms programs;

    @BeforeAll
    static void makeFolder() throws IOException {
        programs = new NativePrograms();
    }

    @AfterAll
    static void deleteFolder() throws IOException {
        programs.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"MOUNT", "INTERCEPT"})
    void shouldEnableUseAndDisableVirtualFunctions(SysView view) throws IOException, InterruptedException {
        Path program = programs.compile("sriov");
        var options = VfioOptions.defaults().withHost("embedded").withMachine(Path.of("../machines/sriov.json"));
        try (var vfio = Vfio.open(options);
                var run = NativePrograms.intercept(vfio, view)) {
            var answer = programs.run(run, program, PF, "0000:06:00.1", "0000:06:00.2");
            assertThat(answer.err()).isEmpty();
            assertThat(answer.out()).containsExactly("fine");
            assertThat(answer.code()).isZero();
            assertThat(run.openFiles()).as("files left open").isZero();
            assertThat(vfio.pinnedPages()).as("pages left pinned").isZero();
            assertThat(vfio.device(PF).driver()).contains("vfio-pci");
        }
    }
}
