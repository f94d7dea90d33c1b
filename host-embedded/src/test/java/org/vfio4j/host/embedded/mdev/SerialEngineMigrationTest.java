// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.process.EventCounter;
import org.vfio4j.core.vfio.MigrationStates;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.spi.device.MigrationStream;
import org.vfio4j.spi.mdev.UserMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.UapiLayouts;

/** The type with a DMA engine: what moves by itself must stand still, be saved, and go on elsewhere. */
class SerialEngineMigrationTest {
    private static final int BUFFER_RECORD = 8 + SerialDma.BUFFER_LENGTH;
    private static final int STATE_RECORD = 8 + 36 + 32;
    private static final MigrationControl CONTROL = new MigrationControl() {
        @Override
        public int nextState(int flags, int current, int requested) {
            return MigrationStates.nextState(flags, current, requested);
        }

        @Override
        public boolean precopyInfoV2() {
            return false;
        }
    };

    private final Arena arena = Arena.ofShared();
    private final Instance source = new Instance();
    private final Instance target = new Instance();

    /** A device with memory of its user at I/O address 0, and the steps its engine wants to do. */
    private final class Instance {
        final List<Runnable> steps = new ArrayList<>();
        final MemorySegment memory = arena.allocate(4 * 4096, 4096);
        final EventCounter interrupt = new EventCounter();
        final SerialDevice device = new SerialDevice(SerialType.DMA, steps::add);
        final MigrationOps migration = device.migration(CONTROL);

        void open() {
            device.open(new UserMemory() {
                @Override
                public PhysicalMemory physical() {
                    return new FrameTable();
                }

                @Override
                public void pin(long iova, int pages, int protection, RunSink sink) {
                    throw new VfioException(Errno.EACCES, "no pins here");
                }

                @Override
                public void unpin(long iova, int pages) {
                    throw new AssertionError("nothing is pinned");
                }

                @Override
                public void rw(long iova, MemorySegment buffer, boolean write) {
                    var part = memory.asSlice(iova, buffer.byteSize());
                    if (write) {
                        part.copyFrom(buffer);
                    } else {
                        buffer.copyFrom(part);
                    }
                }
            });
            device.info();
            device.setIrqs(new IrqSet(
                    VfioPci.VFIO_PCI_MSI_IRQ_INDEX,
                    VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER,
                    0,
                    1,
                    new IrqSet.Events(List.of(new IrqSet.Slot() {
                        @Override
                        public int descriptor() {
                            return 3;
                        }

                        @Override
                        public EventFile event() {
                            return interrupt;
                        }
                    }))));
        }

        void register(int offset, long value, int size) {
            var bytes = MemorySegment.ofArray(new byte[8]);
            bytes.set(UapiLayouts.U64, 0, value);
            device.write((1L << 40) + offset, bytes.asSlice(0, size));
        }

        int register(int offset) {
            var bytes = MemorySegment.ofArray(new byte[4]);
            device.read((1L << 40) + offset, bytes);
            return bytes.get(UapiLayouts.U32, 0);
        }

        void start(long iova, int length, int command) {
            register(SerialDmaRegisters.ADDRESS, iova, 8);
            register(SerialDmaRegisters.COUNT, length, 4);
            register(
                    SerialDmaRegisters.COMMAND,
                    command | SerialDmaRegisters.COMMAND_START | SerialDmaRegisters.COMMAND_INTERRUPT,
                    4);
        }

        /** The engine's thread gets its turn. */
        void work() {
            var due = List.copyOf(steps);
            steps.clear();
            due.forEach(Runnable::run);
        }

        MigrationStream session(int state) {
            return Objects.requireNonNull(migration.setState(state), "a session");
        }

        void fill(long offset, int value) {
            memory.asSlice(offset, 4096).fill((byte) value);
        }

        int at(long offset) {
            return memory.get(ValueLayout.JAVA_BYTE, offset);
        }
    }

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    /** Reads up to the end, the end for now included. */
    private static byte[] readAll(MigrationStream stream) {
        var all = new ByteArrayOutputStream();
        byte[] piece = new byte[1000];
        try {
            while (true) {
                int count = (int) stream.read(MemorySegment.ofArray(piece));
                if (count == 0) {
                    return all.toByteArray();
                }
                all.write(piece, 0, count);
            }
        } catch (VfioException e) {
            assertThat(e.errno()).isEqualTo(Errno.ENOMSG);
            return all.toByteArray();
        }
    }

    @BeforeEach
    void open() {
        source.open();
        target.open();
    }

    @AfterEach
    void free() {
        for (var instance : List.of(source, target)) {
            instance.device.close();
            instance.device.free();
        }
        arena.close();
    }

    @Test
    void shouldCopyItsBufferBeforeItStopsAndAgainWhenItChanged() {
        assertThat(source.migration.dataSize()).isEqualTo(24 + BUFFER_RECORD + STATE_RECORD);
        var stream = source.session(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(stream.precopyInfo().initialBytes()).isEqualTo(24 + BUFFER_RECORD);
        assertThat(stream.precopyInfo().dirtyBytes()).isZero();
        var data = new ByteArrayOutputStream();
        data.writeBytes(readAll(stream));
        assertThat(data.size()).isEqualTo(24 + BUFFER_RECORD);
        assertRefused(Errno.ENOMSG, () -> stream.read(MemorySegment.ofArray(new byte[8])));

        source.fill(0, 0x11);
        source.start(0, 4096, 0);
        source.work();
        assertThat(stream.precopyInfo().initialBytes()).isZero();
        assertThat(stream.precopyInfo().dirtyBytes()).isEqualTo(BUFFER_RECORD);
        data.writeBytes(readAll(stream));
        assertThat(data.size()).isEqualTo(24 + 2 * BUFFER_RECORD);
        assertThat(stream.precopyInfo().dirtyBytes()).isZero();

        source.fill(0, 0x22);
        source.start(0, 4096, 0);
        source.work();
        source.migration.setState(VFIO_DEVICE_STATE_STOP_COPY);
        data.writeBytes(readAll(stream));
        assertThat(data.size()).isEqualTo(24 + 3 * BUFFER_RECORD + STATE_RECORD);
        assertThat(stream.read(MemorySegment.ofArray(new byte[8])))
                .as("the end for good")
                .isZero();

        SerialMigrationTest.writeAll(target.session(VFIO_DEVICE_STATE_RESUMING), data.toByteArray());
        target.migration.setState(VFIO_DEVICE_STATE_RUNNING);
        assertThat(target.register(SerialDmaRegisters.STATUS)).isEqualTo(SerialDmaRegisters.STATUS_DONE);
        target.start(4096, 4096, SerialDmaRegisters.COMMAND_RECEIVE);
        target.work();
        assertThat(target.at(4096)).isEqualTo(0x22);
    }

    @Test
    void shouldBeginNoTransferInPeerToPeerStates() {
        int[][] ways = {
            {VFIO_DEVICE_STATE_RUNNING_P2P, VFIO_DEVICE_STATE_RUNNING},
            {VFIO_DEVICE_STATE_PRE_COPY_P2P, VFIO_DEVICE_STATE_PRE_COPY},
        };
        for (int[] way : ways) {
            source.fill(0, 0x33);
            source.migration.setState(way[0]);
            source.start(0, 4096, SerialDmaRegisters.COMMAND_RECEIVE);
            source.work();
            assertThat(source.at(0)).isEqualTo(0x33);
            assertThat(source.register(SerialDmaRegisters.STATUS)).isEqualTo(SerialDmaRegisters.STATUS_BUSY);
            assertThat(source.interrupt.take()).isZero();
            source.migration.setState(way[1]);
            source.work();
            assertThat(source.at(0)).isZero();
            assertThat(source.register(SerialDmaRegisters.STATUS)).isEqualTo(SerialDmaRegisters.STATUS_DONE);
            assertThat(source.interrupt.take()).isEqualTo(1);
        }
    }

    @Test
    void shouldGoOnElsewhereWithATransferThatWaited() {
        source.fill(0, 0x44);
        source.start(0, 4096, 0);
        source.work();
        source.start(8192, 4096, SerialDmaRegisters.COMMAND_RECEIVE);
        var stream = source.session(VFIO_DEVICE_STATE_STOP_COPY);
        source.work();
        assertThat(source.at(8192)).as("no DMA once it is stopped").isZero();
        assertRefused(Errno.EFAULT, () -> source.register(SerialDmaRegisters.ADDRESS, 0, 8));
        byte[] data = readAll(stream);

        SerialMigrationTest.writeAll(target.session(VFIO_DEVICE_STATE_RESUMING), data);
        target.migration.setState(VFIO_DEVICE_STATE_STOP);
        target.work();
        assertThat(target.at(8192)).isZero();
        target.migration.setState(VFIO_DEVICE_STATE_RUNNING);
        target.work();
        assertThat(target.at(8192)).isEqualTo(0x44);
        assertThat(target.interrupt.take()).isEqualTo(1);
        source.migration.setState(VFIO_DEVICE_STATE_STOP);
        source.device.reset();
        source.work();
        assertThat(source.at(8192)).as("a reset ends what waited").isZero();
    }

    @Test
    void shouldRefuseRecordsThatAreNoneAndAnythingBehindTheLast() {
        byte[] data = readAll(source.session(VFIO_DEVICE_STATE_STOP_COPY));
        for (int at : new int[] {24, 28, 24 + BUFFER_RECORD, 28 + BUFFER_RECORD}) {
            byte[] bad = data.clone();
            bad[at] ^= 0x40;
            var stream = target.session(VFIO_DEVICE_STATE_RESUMING);
            assertRefused(Errno.EFAULT, () -> SerialMigrationTest.writeAll(stream, bad));
            target.device.reset();
        }
        var stream = target.session(VFIO_DEVICE_STATE_RESUMING);
        SerialMigrationTest.writeAll(stream, data);
        assertRefused(Errno.ENOMEM, () -> stream.write(MemorySegment.ofArray(new byte[1])));
        target.migration.setState(VFIO_DEVICE_STATE_RUNNING);

        // A state without a buffer, and one with a status that no engine has.
        var headerAndState = new ByteArrayOutputStream();
        headerAndState.write(data, 0, 24);
        headerAndState.write(data, 24 + BUFFER_RECORD, STATE_RECORD);
        byte[] badStatus = data.clone();
        badStatus[24 + BUFFER_RECORD + 8 + 36 + 16] = 5;
        for (byte[] bytes : List.of(headerAndState.toByteArray(), badStatus)) {
            SerialMigrationTest.writeAll(target.session(VFIO_DEVICE_STATE_RESUMING), bytes);
            assertRefused(Errno.EINVAL, () -> target.migration.setState(VFIO_DEVICE_STATE_STOP));
            target.device.reset();
        }
    }

    @Test
    void shouldNotTakeTheStateOfAnotherType() {
        var plain = new SerialDevice(SerialType.SINGLE, Runnable::run);
        byte[] data = readAll(Objects.requireNonNull(plain.migration(CONTROL).setState(VFIO_DEVICE_STATE_STOP_COPY)));
        var stream = target.session(VFIO_DEVICE_STATE_RESUMING);
        assertRefused(Errno.EFAULT, () -> SerialMigrationTest.writeAll(stream, data));
    }

    @Test
    void shouldRecordWhatItWritesUntilItIsClosed() {
        var log = source.device.dmaLogging();
        log.start(List.of(new DmaRange(0, 4 * 4096)), 4096);
        source.start(100, 4096, SerialDmaRegisters.COMMAND_RECEIVE);
        source.work();
        source.start(3 * 4096, 64, 0);
        source.work();
        var dirty = new ArrayList<DmaRange>();
        log.readAndClear(0, 4 * 4096, (iova, length) -> dirty.add(new DmaRange(iova, length)));
        assertThat(dirty).containsExactly(new DmaRange(0, 4096), new DmaRange(4096, 4096));
        source.device.close();
        assertRefused(Errno.EINVAL, () -> log.readAndClear(0, 4096, (iova, length) -> {}));
    }
}
