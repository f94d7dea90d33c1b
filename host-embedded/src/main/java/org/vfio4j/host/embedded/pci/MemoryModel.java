// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.spi.pci.MappableArea;
import org.vfio4j.spi.pci.PciResource;

/**
 * A function whose registers are plain memory: what is written is read back, nothing else happens. It stands for devices of
 * which only configuration space is known. Registers in memory space can be mapped. Memory is taken when a register is first
 * touched; registers above {@link #LARGEST} bytes have none and read all ones.
 */
final class MemoryModel implements FunctionModel {
    /** Largest register that gets memory, in bytes. */
    static final long LARGEST = 64L << 20;

    /** In the file of a PCI device regions start at multiples of 2^40 (kernel: {@code VFIO_PCI_OFFSET_SHIFT}). */
    static final int REGION_SHIFT = 40;

    private static final int REGISTERS = 6;

    private final List<PciResource> resources;
    private final @Nullable SharedRegisters[] registers = new @Nullable SharedRegisters[REGISTERS];

    MemoryModel(List<PciResource> resources, DeviceSlot slot) {
        this.resources = resources;
        for (int bar = 0; bar < REGISTERS; bar++) {
            long length = resources.get(bar).length();
            if (length != 0 && length <= LARGEST) {
                registers[bar] = slot.sharedRegisters(
                        new SharedRegisters.Layout(length, (long) bar << REGION_SHIFT, List.of()),
                        (offset, before, now) -> {});
            }
        }
    }

    @Override
    public @Nullable SharedRegisters shared(int bar) {
        return resources.get(bar).kind() == PciResource.Kind.MEMORY ? registers(bar) : null;
    }

    @Override
    public List<MappableArea> mappable(int bar) {
        return List.of(new MappableArea(0, resources.get(bar).length()));
    }

    private @Nullable SharedRegisters registers(int bar) {
        return bar < REGISTERS ? registers[bar] : null;
    }

    @Override
    public long read(int bar, long offset, int size) {
        var memory = registers(bar);
        return memory == null ? -1 : memory.read(offset, size);
    }

    @Override
    public void write(int bar, long offset, int size, long value) {
        var memory = registers(bar);
        if (memory != null) {
            memory.write(offset, size, value);
        }
    }

    @Override
    public void reset() {
        for (var memory : registers) {
            if (memory != null) {
                memory.clear();
            }
        }
    }

    @Override
    public void close() {
        for (var memory : registers) {
            if (memory != null) {
                memory.close();
            }
        }
    }
}
