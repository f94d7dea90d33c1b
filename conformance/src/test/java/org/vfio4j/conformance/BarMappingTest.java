// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.vfio4j.Device;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.EmbeddedMachine;
import org.vfio4j.testing.OpenDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;

/** Registers that are memory: they can be mapped here and, through their file, anywhere. Spec: pci §7, §11. */
@EmbeddedMachine
class BarMappingTest {
    private static final String CARD = "0000:01:00.0";
    private static final String EDU = "0000:00:05.0";
    private static final int COMMAND = 4;
    private static final int MEMORY_DECODING = 2;
    private static final int MAPPED_FLAGS = VfioRegion.VFIO_REGION_INFO_FLAG_READ
            | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE
            | VfioRegion.VFIO_REGION_INFO_FLAG_MMAP;

    @Test
    @Spec("P-045")
    void shouldOfferToMapMemoryAndNothingElse(@OpenDevice(CARD) Device card, @OpenDevice(EDU) Device edu) {
        assertThat(card.region(0).info().flags()).as("plain registers").isEqualTo(MAPPED_FLAGS);
        assertThat(card.region(2).info().flags()).as("ports").isEqualTo(3);
        assertThat(card.region(3).info().flags())
                .as("registers with the MSI-X table")
                .isEqualTo(MAPPED_FLAGS);
        assertThat(edu.region(0).info().flags()).as("registers that act").isEqualTo(3);
    }

    @Test
    void shouldShareTheBytesWithWhoeverMapsTheFile(@OpenDevice(CARD) Device card) throws IOException {
        var bar = card.region(VfioPci.VFIO_PCI_BAR0_REGION_INDEX);
        try (var mapping = bar.map(0x1000, 0x2000);
                var elsewhere = Arena.ofConfined()) {
            var range = mapping.backing().orElseThrow();
            assertThat(range.offset()).isEqualTo(0x1000);
            try (var channel = FileChannel.open(range.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                var other = channel.map(FileChannel.MapMode.READ_WRITE, range.offset(), 0x2000, elsewhere);
                bar.writeInt(0x1010, 0x1234_5678);
                assertThat(other.get(ValueLayout.JAVA_INT, 0x10)).isEqualTo(0x1234_5678);
                assertThat(mapping.segment().get(ValueLayout.JAVA_INT, 0x10)).isEqualTo(0x1234_5678);
                other.set(ValueLayout.JAVA_INT, 0x1ff0, 42);
                assertThat(bar.readInt(0x2ff0)).isEqualTo(42);
            }
        }
    }

    @Test
    void shouldTakeTheMemoryAwayWhileDecodingIsOff(@OpenDevice(CARD) Device card) {
        var config = card.region(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX);
        try (var mapping = card.region(0).map(0, 0x1000)) {
            var before = mapping.segment();
            before.set(ValueLayout.JAVA_INT, 0, 7);
            int command = config.readInt(COMMAND);
            config.writeInt(COMMAND, command & ~MEMORY_DECODING);
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(mapping::segment);
            assertThatExceptionOfType(IllegalStateException.class)
                    .as("access through a segment from before")
                    .isThrownBy(() -> before.get(ValueLayout.JAVA_INT, 0));
            assertThat(mapping.backing()).isPresent();
            config.writeInt(COMMAND, command | MEMORY_DECODING);
            assertThat(mapping.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(7);
        }
    }

    @Test
    void shouldForgetWhatWasWrittenAtAReset(@OpenDevice("0000:05:00.0") Device nvme) {
        try (var mapping = nvme.region(0).map(0, 0x1000)) {
            mapping.segment().set(ValueLayout.JAVA_INT, 0x20, 7);
            nvme.reset();
            assertThat(mapping.segment().get(ValueLayout.JAVA_INT, 0x20)).isZero();
        }
    }

    @Test
    void shouldLeaveNoFileBehind() {
        Path file;
        try (var vfio = Vfio.open(VfioOptions.defaults().withHost("embedded"));
                var card = vfio.open(CARD);
                var mapping = card.region(0).map(0, 0x1000)) {
            file = mapping.backing().orElseThrow().file();
            assertThat(file).exists();
        }
        assertThat(Files.exists(file))
                .as("file of the register after power-off")
                .isFalse();
    }
}
