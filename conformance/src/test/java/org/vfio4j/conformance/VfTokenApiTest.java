// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vfio4j.OpenOptions;
import org.vfio4j.OpenPath;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Virtual functions opened by a Java program. Spec: pci §18.4, §18.5. */
class VfTokenApiTest {
    private static final String PF = "0000:06:00.0";
    private static final String VF = "0000:06:00.1";
    private static final UUID TOKEN = UUID.fromString("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");

    @SuppressWarnings("NullAway.Init")
    private Vfio vfio;

    @BeforeEach
    void enableOne() {
        vfio = Vfio.open(VfioOptions.defaults()
                .withHost("embedded")
                .withMachine(Path.of("..", "machines", "sriov.json"))
                .with("vfio-pci.enable_sriov", "true"));
        try (var administrator = vfio.newProcess(ProcessOptions.root())) {
            int fd = administrator.open("/sys/bus/pci/devices/" + PF + "/sriov_numvfs", UapiProcess.O_RDWR);
            var text = administrator.allocate(1);
            text.copyFrom(java.lang.foreign.MemorySegment.ofArray("1".getBytes(StandardCharsets.US_ASCII)));
            assertThat(administrator.write(fd, text.address(), 1)).isEqualTo(1);
        }
    }

    @AfterEach
    void end() {
        vfio.close();
    }

    private static void refused(Errno errno, ThrowingCallable call) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(call)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno))
                .withMessageContaining("token");
    }

    @ParameterizedTest
    @EnumSource
    void shouldOpenWithTheTokenOnly(OpenPath path) {
        var way = new OpenOptions(path, java.util.OptionalInt.empty());
        try (var physical = vfio.open(PF, way.withVfToken(TOKEN))) {
            refused(Errno.EACCES, () -> vfio.open(VF, way));
            refused(Errno.EACCES, () -> vfio.open(VF, way.withVfToken(new UUID(1, 2))));
            try (var virtual = vfio.open(VF, way.withVfToken(TOKEN))) {
                assertThat(virtual.region(7).info().size()).isEqualTo(4096);
                assertThat(physical.region(7).info().size()).isEqualTo(4096);
            }
        }
        refused(Errno.EINVAL, () -> vfio.open("0000:00:05.0", way.withVfToken(TOKEN)));
    }

    @Test
    void shouldSayWhatIsMissingWhenAnyWayWouldDo() {
        refused(Errno.EACCES, () -> vfio.open(VF));
    }

    @Test
    void shouldBindItsFileWithTheToken() {
        try (var iommufd = vfio.newIommufd();
                var physical = vfio.openDeviceFile(PF);
                var virtual = vfio.openDeviceFile(VF)) {
            physical.bind(iommufd, TOKEN);
            refused(Errno.EACCES, () -> virtual.bind(iommufd));
            assertThat(virtual.bind(iommufd, TOKEN)).isNotNull();
            assertThat(virtual.deviceId()).isPositive();
        }
    }
}
