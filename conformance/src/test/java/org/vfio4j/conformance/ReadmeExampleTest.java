// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.vfio4j.Region;
import org.vfio4j.Vfio;

/** The README's example, run: the device reads a long from memory and writes it back elsewhere. */
class ReadmeExampleTest {
    @Test
    void shouldDoWhatTheReadmeSays() throws InterruptedException {
        long echoed = echo(42);
        assertThat(echoed).as("the long that the device wrote back").isEqualTo(42);
    }

    static long echo(long value) throws InterruptedException {
        try (var vfio = Vfio.open(); // boots the embedded machine
                var edu = vfio.open("0000:00:05.0"); // group, cdev or container: the best that works
                var memory = vfio.allocate(4096);
                var mapping = edu.dma().map(memory)) { // the device may now reach it, at mapping.iova()
            edu.region(7).writeShort(0x04, 6); // PCI configuration space: memory and bus master on
            var done = edu.interrupts(1).enable(); // MSI
            memory.segment().set(ValueLayout.JAVA_LONG, 0, value);
            copy(edu.region(0), mapping.iova(), 0x40000, 5); // memory to device, interrupt at the end
            done.await(Duration.ofSeconds(5));
            copy(edu.region(0), 0x40000, mapping.iova() + 8, 7); // device to memory
            done.await(Duration.ofSeconds(5));
            return memory.segment().get(ValueLayout.JAVA_LONG, 8);
        }
    }

    static void copy(Region registers, long from, long to, int command) {
        registers.writeInt(0x64, registers.readInt(0x24)); // acknowledge the interrupt before
        registers.writeLong(0x80, from);
        registers.writeLong(0x88, to);
        registers.writeLong(0x90, Long.BYTES);
        registers.writeLong(0x98, command);
    }
}
