// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;

/** What a user does with an open function, in words that keep tests short. */
final class User {
    static final int TRIGGER = VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER;
    static final int MASK = VfioIrq.VFIO_IRQ_SET_ACTION_MASK;
    static final int UNMASK = VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK;
    static final IrqSet.Data NONE = new IrqSet.None();

    final VfioPciDevice device;

    User(VfioPciDevice device) {
        this.device = device;
    }

    static User of(org.vfio4j.spi.host.BusDevice function) {
        return new User(new FakeVfio().probe(function).open());
    }

    static void refused(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    byte[] read(int region, long offset, int count) {
        var bytes = new byte[count];
        long read = device.read(RegionOffset.of(region) + offset, MemorySegment.ofArray(bytes));
        return Arrays.copyOf(bytes, (int) read);
    }

    long write(int region, long offset, int... bytes) {
        var data = new byte[bytes.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) bytes[i];
        }
        return device.write(RegionOffset.of(region) + offset, MemorySegment.ofArray(data));
    }

    /** Reads configuration, as a number of 1, 2 or 4 bytes. */
    int config(int offset, int size) {
        return ConfigBytes.get(read(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, offset, size), 0, size);
    }

    /** Writes configuration and expects the whole count to be reported. */
    void config(int offset, int size, int value) {
        var bytes = new byte[size];
        ConfigBytes.put(bytes, 0, size, value);
        long position = RegionOffset.of(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX) + offset;
        assertThat(device.write(position, MemorySegment.ofArray(bytes))).isEqualTo(size);
    }

    long irqs(int index, int actions, int start, int count, IrqSet.Data data) {
        return device.setIrqs(new IrqSet(index, actions, start, count, data));
    }

    static IrqSet.Data bool(boolean... values) {
        var list = new java.util.ArrayList<Boolean>();
        for (boolean value : values) {
            list.add(value);
        }
        return new IrqSet.Bools(list);
    }

    static IrqSet.Data events(IrqSet.Slot... slots) {
        return new IrqSet.Events(List.of(slots));
    }

    static IrqSet.Slot slot(EventFile event) {
        return new FixedSlot(3, event, null);
    }

    static IrqSet.Slot none() {
        return new FixedSlot(-1, null, null);
    }

    static IrqSet.Slot negative(int descriptor) {
        return new FixedSlot(descriptor, null, null);
    }

    static IrqSet.Slot bad(Errno errno) {
        return new FixedSlot(9, null, errno);
    }

    private record FixedSlot(
            int descriptor,
            @Nullable EventFile file,
            @Nullable Errno failure) implements IrqSet.Slot {
        @Override
        public @Nullable EventFile event() {
            if (failure != null) {
                throw new VfioException(failure, "bad descriptor");
            }
            return file;
        }
    }
}
