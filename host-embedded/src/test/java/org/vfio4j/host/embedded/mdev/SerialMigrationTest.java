// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_NR;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.core.vfio.MigrationStates;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.spi.device.MigrationStream;
import org.vfio4j.spi.device.MigrationStream.PrecopyInfo;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

class SerialMigrationTest {
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

    private final SerialDevice device = new SerialDevice(SerialType.DUAL, Runnable::run);
    private final MigrationOps migration = device.migration(CONTROL);

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private static MigrationStream session(MigrationOps migration, int state) {
        return Objects.requireNonNull(migration.setState(state), "a session");
    }

    private static byte[] readAll(MigrationStream stream) {
        byte[] bytes = new byte[16384];
        int done = 0;
        while (true) {
            // Odd pieces, so that parts of the data are split.
            long count = stream.read(MemorySegment.ofArray(bytes).asSlice(done, 7));
            if (count == 0) {
                return Arrays.copyOf(bytes, done);
            }
            done += (int) count;
        }
    }

    static void writeAll(MigrationStream stream, byte[] bytes) {
        int done = 0;
        while (done < bytes.length) {
            int piece = Math.min(5, bytes.length - done);
            done += (int) stream.write(MemorySegment.ofArray(bytes).asSlice(done, piece));
        }
    }

    private static void write(SerialDevice device, int port, int register, int value) {
        device.write(((long) port << 40) + register, MemorySegment.ofArray(new byte[] {(byte) value}));
    }

    private static int read(SerialDevice device, int port, int register) {
        byte[] value = new byte[1];
        device.read(((long) port << 40) + register, MemorySegment.ofArray(value));
        return Byte.toUnsignedInt(value[0]);
    }

    private static byte[] saved(MigrationOps migration) {
        byte[] bytes = readAll(session(migration, VFIO_DEVICE_STATE_STOP_COPY));
        migration.setState(VFIO_DEVICE_STATE_STOP);
        return bytes;
    }

    @Test
    void shouldSupportEverythingAndBeginRunning() {
        assertThat(migration.flags()).isEqualTo(7);
        assertThat(migration.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
        assertThat(migration.dataSize()).isEqualTo(96);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, VFIO_DEVICE_STATE_NR, -1})
    void shouldRefuseStatesThatDoNotExist(int state) {
        assertRefused(Errno.EINVAL, () -> migration.setState(state));
        assertThat(migration.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
    }

    @Test
    void shouldSaveTheLayoutOfTheKernelsSample() {
        write(device, 1, 2, 0x01);
        write(device, 1, 1, 0x15);
        write(device, 1, 7, 0x5a);
        write(device, 1, 3, 0x80);
        write(device, 1, 0, 0x34);
        write(device, 1, 1, 0x12);
        write(device, 1, 3, 0x03);
        write(device, 1, 0, 'x');
        write(device, 1, 0, 'A');
        write(device, 1, 0, 'B');
        assertThat(read(device, 1, 0)).isEqualTo('x');
        var bytes = MemorySegment.ofArray(saved(migration));
        assertThat(bytes.byteSize()).isEqualTo(96);
        assertThat(bytes.get(UapiLayouts.U64, 0)).isEqualTo(0x7e9d09898c3e2c4eL);
        assertThat(bytes.get(UapiLayouts.U32, 8)).as("major version").isEqualTo(1);
        assertThat(bytes.get(UapiLayouts.U32, 12)).as("minor version").isZero();
        assertThat(bytes.get(UapiLayouts.U32, 16)).as("ports").isEqualTo(2);
        assertThat(bytes.get(UapiLayouts.U32, 20)).as("flags").isZero();
        var port = bytes.asSlice(60);
        int[] expected = {
            1, 0x15, 3, 0x03, 7, 0x5a, 9, 'A', 10, 'B', 24, 3, 25, 1, 26, 2, 27, 0, 28, 0, 30, 0x34, 31, 0x12, 32, 0x01,
            33, 16, 34, 1
        };
        for (int i = 0; i < expected.length; i += 2) {
            assertThat(Byte.toUnsignedInt(port.get(UapiLayouts.U8, expected[i])))
                    .as("byte %d of the second port", expected[i])
                    .isEqualTo(expected[i + 1]);
        }
    }

    @Test
    void shouldRestoreOnAnotherDeviceWhatWasSaved() {
        var other = new SerialDevice(SerialType.DUAL, Runnable::run);
        var otherMigration = other.migration(CONTROL);
        for (int port = 0; port < 2; port++) {
            write(device, port, 2, 0x01);
            write(device, port, 1, 0x0f);
            write(device, port, 3, 0x13);
            write(device, port, 4, 0x0b);
            write(device, port, 7, 0x40 + port);
            for (int i = 0; i < 18; i++) {
                write(device, port, 0, 'a' + i + port);
            }
            assertThat(read(device, port, 0)).isEqualTo('a' + port);
        }
        byte[] bytes = saved(migration);
        writeAll(session(otherMigration, VFIO_DEVICE_STATE_RESUMING), bytes);
        assertThat(read(other, 0, 7)).as("before the data are complete").isZero();
        otherMigration.setState(VFIO_DEVICE_STATE_RUNNING);
        migration.setState(VFIO_DEVICE_STATE_RUNNING);
        for (int port = 0; port < 2; port++) {
            for (int register = 7; register >= 1; register--) {
                assertThat(read(other, port, register))
                        .as("register %d of port %d", register, port)
                        .isEqualTo(read(device, port, register));
            }
            for (int i = 1; i < 16; i++) {
                assertThat(read(other, port, 0)).isEqualTo('a' + i + port);
            }
            assertThat(read(other, port, 5) & 0x61).isEqualTo(0x60);
        }
    }

    @Test
    void shouldSaveTheHeaderBeforeItStopsAndThePortsAfter() {
        var stream = session(migration, VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(stream.saving()).isTrue();
        assertThat(stream.precopyInfo()).isEqualTo(new PrecopyInfo(0, 24, 0));
        byte[] head = new byte[20];
        assertThat(stream.read(MemorySegment.ofArray(head))).isEqualTo(20);
        assertThat(stream.precopyInfo()).isEqualTo(new PrecopyInfo(0, 4, 0));
        assertThat(readAll(stream)).hasSize(4);
        assertThat(stream.precopyInfo()).isEqualTo(new PrecopyInfo(0, 0, 0));
        write(device, 0, 7, 0x77);
        assertThat(migration.setState(VFIO_DEVICE_STATE_PRE_COPY_P2P)).isNull();
        assertThat(migration.setState(VFIO_DEVICE_STATE_STOP_COPY))
                .as("the session goes on")
                .isNull();
        assertRefused(Errno.EINVAL, stream::precopyInfo);
        byte[] ports = readAll(stream);
        assertThat(ports).hasSize(72);
        assertThat(ports[7]).as("scratch, written during pre-copy").isEqualTo((byte) 0x77);
        assertRefused(Errno.EINVAL, () -> migration.setState(VFIO_DEVICE_STATE_PRE_COPY));
        assertThat(migration.state()).isEqualTo(VFIO_DEVICE_STATE_STOP_COPY);
    }

    @ParameterizedTest
    @CsvSource({
        "3, 1", // STOP_COPY to STOP
        "6, 2", // PRE_COPY to RUNNING
        "7, 5", // PRE_COPY_P2P to RUNNING_P2P
        "6, 4", // on the way to another session
        "3, 2"
    })
    void shouldEndASavingSession(int saving, int next) {
        var stream = session(migration, saving);
        migration.setState(next);
        assertRefused(Errno.ENODEV, () -> stream.read(MemorySegment.ofArray(new byte[8])));
        assertRefused(Errno.ENODEV, stream::precopyInfo);
    }

    @Test
    void shouldEndSessionsWithAResetAndALastClose() {
        Runnable[] ends = {device::reset, device::close};
        for (var end : ends) {
            for (int state : new int[] {VFIO_DEVICE_STATE_STOP_COPY, VFIO_DEVICE_STATE_PRE_COPY}) {
                var stream = session(migration, state);
                end.run();
                assertRefused(Errno.ENODEV, () -> stream.read(MemorySegment.ofArray(new byte[8])));
                assertThat(migration.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
                write(device, 0, 7, 1);
            }
            var stream = session(migration, VFIO_DEVICE_STATE_RESUMING);
            end.run();
            assertRefused(Errno.ENODEV, () -> stream.write(MemorySegment.ofArray(new byte[8])));
            assertThat(migration.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
        }
    }

    @Test
    void shouldRefuseDataThatAreNotItsOwn() {
        byte[] good = saved(migration);
        for (int at : new int[] {0, 8, 12, 16, 20}) {
            var stream = session(migration, VFIO_DEVICE_STATE_RESUMING);
            byte[] bad = good.clone();
            bad[at]++;
            assertThat(stream.write(MemorySegment.ofArray(bad).asSlice(0, 23))).isEqualTo(23);
            assertRefused(
                    Errno.EFAULT, () -> stream.write(MemorySegment.ofArray(bad).asSlice(23, 1)));
            device.reset();
        }
        var stream = session(migration, VFIO_DEVICE_STATE_RESUMING);
        assertRefused(Errno.ENOMEM, () -> stream.write(MemorySegment.ofArray(new byte[97])));
        writeAll(stream, good);
        assertRefused(Errno.ENOMEM, () -> stream.write(MemorySegment.ofArray(new byte[1])));
        migration.setState(VFIO_DEVICE_STATE_STOP);
    }

    @Test
    void shouldStayInResumingUntilTheDataAreComplete() {
        byte[] good = saved(migration);
        var stream = session(migration, VFIO_DEVICE_STATE_RESUMING);
        for (int length = 0; length < good.length; length++) {
            assertRefused(Errno.EINVAL, () -> migration.setState(VFIO_DEVICE_STATE_STOP));
            assertThat(migration.state()).isEqualTo(VFIO_DEVICE_STATE_RESUMING);
            assertThat(stream.write(MemorySegment.ofArray(good).asSlice(length, 1)))
                    .isEqualTo(1);
        }
        assertThat(migration.setState(VFIO_DEVICE_STATE_STOP)).isNull();
        assertRefused(Errno.ENODEV, () -> stream.write(MemorySegment.ofArray(new byte[1])));
    }

    @ParameterizedTest
    @CsvSource({"24, 16", "25, 17", "26, 17", "26, 1", "27, 2", "28, 2", "33, 0", "33, 17", "34, 17"})
    void shouldNotTakeAStateNoPortIsIn(int field, int value) {
        byte[] bytes = saved(migration);
        write(device, SerialType.DUAL, 0x66);
        bytes[60 + field] = (byte) value;
        writeAll(session(migration, VFIO_DEVICE_STATE_RESUMING), bytes);
        assertRefused(Errno.EINVAL, () -> migration.setState(VFIO_DEVICE_STATE_STOP));
        assertThat(migration.state()).isEqualTo(VFIO_DEVICE_STATE_RESUMING);
        device.reset();
        assertThat(read(device, 0, 7)).as("the device is as it was").isEqualTo(0x66);
    }

    private void write(SerialDevice target, SerialType type, int scratch) {
        migration.setState(VFIO_DEVICE_STATE_RUNNING);
        for (int port = 0; port < type.ports(); port++) {
            write(target, port, 7, scratch);
        }
    }

    @Test
    void shouldNotChangeWhileItIsStopped() {
        write(device, 0, 2, 0x01);
        write(device, 0, 0, 'A');
        migration.setState(VFIO_DEVICE_STATE_STOP);
        assertRefused(Errno.EFAULT, () -> write(device, 0, 0, 'B'));
        assertRefused(Errno.EFAULT, () -> write(device, 0, 7, 1));
        assertRefused(Errno.EFAULT, () -> read(device, 0, 0));
        assertThat(read(device, 0, 5)).as("line status still answers").isEqualTo(0x01);
        device.write((7L << 40) + 0x3c, MemorySegment.ofArray(new byte[] {5}));
        migration.setState(VFIO_DEVICE_STATE_RUNNING_P2P);
        assertThat(read(device, 0, 0)).isEqualTo('A');
        write(device, 0, 0, 'B');
        assertThat(read(device, 0, 0)).isEqualTo('B');
    }

    @Test
    void shouldGiveTheSameSessionWhicheverWayItBegins() {
        write(device, 0, 7, 0x21);
        var expected = saved(migration);
        migration.setState(VFIO_DEVICE_STATE_RUNNING_P2P);
        var stream = session(migration, VFIO_DEVICE_STATE_PRE_COPY_P2P);
        migration.setState(VFIO_DEVICE_STATE_PRE_COPY);
        migration.setState(VFIO_DEVICE_STATE_STOP_COPY);
        assertThat(readAll(stream)).isEqualTo(expected);
    }
}
