// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.vfio4j.SysView;

/** A native program that resets a slot and buses, owned by group and by iommufd. */
@Timeout(180)
class HotResetProgramTest {
    private static final String[] FUNCTIONS = {
        "0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:02:00.1", "0000:03:01.0", "0000:03:02.0", "0000:00:05.0"
    };

    @RegisterExtension
    static final NativePrograms programs = new NativePrograms();

    @Test
    void shouldResetWhatTheProgramOwnsAndRefuseTheRest() throws IOException, InterruptedException {
        Path program = programs.compile("hotreset");
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (var vfio = NativePrograms.machine("hotreset.json");
                var probe = NativePrograms.intercept(vfio)) {
            assertThat(probe.lastRefusal()).isEmpty();
            try (var run = new ProgramRun(vfio, Optional.of(lines::add), SysView.AUTO)) {
                var answer = programs.run(run, program, FUNCTIONS);
                assertThat(answer.err()).isEmpty();
                assertThat(answer.code()).isZero();
                assertThat(run.openFiles()).as("files left open").isZero();
                assertThat(vfio.pinnedPages()).as("pages left pinned").isZero();
            }
        }
        assertThat(lines)
                .as("each refusal has its reason")
                .anyMatch(line -> line.contains("VFIO_DEVICE_PCI_HOT_RESET") && line.contains("not among those given"))
                .anyMatch(line -> line.contains("VFIO_DEVICE_PCI_HOT_RESET") && line.contains("owns neither"))
                .anyMatch(line -> line.contains("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO") && line.contains("root bus"))
                .anyMatch(line -> line.contains("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO") && line.contains("ENOSPC"));
    }
}
