// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_ERROR;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_NR;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;

import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Migration of serial mdevs, step by step. Spec: mdev §9, core §12. */
class MigrationConformanceTest extends SerialTestCase {
    private static final int SCRATCH = 7;

    @Test
    @Spec("M-066")
    void shouldKeepItsPortsThroughAResetAndRun() {
        var serial = serial(DUAL);
        serial.write(0, SCRATCH, 0x5a);
        require("SET_STATE", serial.setState(VFIO_DEVICE_STATE_STOP));
        assertThat(serial.reset()).as("RESET").isZero();
        assertThat(serial.read(0, SCRATCH)).as("scratch").isEqualTo(0x5a);
        assertThat(serial.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
    }

    @Test
    @Spec({"M-067", "M-068"})
    void shouldSayWhatItSupportsAndHowLargeItIs() {
        var serial = serial(DUAL);
        assertThat(serial.migrationFlags()).isEqualTo(7);
        for (int state :
                new int[] {VFIO_DEVICE_STATE_RUNNING, VFIO_DEVICE_STATE_PRE_COPY, VFIO_DEVICE_STATE_STOP_COPY}) {
            require("SET_STATE", serial.setState(state));
            assertThat(serial.dataSize()).as("data size in state %d", state).isEqualTo(96);
        }
        assertThat(serial(SINGLE).dataSize()).isEqualTo(60);
    }

    @Test
    @Spec({"M-069", "M-070", "M-071", "C-101"})
    void shouldGoOnWithTheSameDataWhenItStops() {
        var serial = serial(DUAL);
        long data = serial.session(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(serial.initialBytes(data)).isEqualTo(24);
        assertThat(serial.dirtyBytes()).isZero();
        assertThat(serial.drain(data)).hasSize(24);
        assertThat(system.read(data, system.memory(16))).as("read at the end").isZero();
        assertThat(serial.initialBytes(data)).isZero();
        serial.write(1, SCRATCH, 0x31);
        require("SET_STATE", serial.setState(VFIO_DEVICE_STATE_STOP_COPY));
        assertThat(serial.dataFd()).isEqualTo(-1);
        refused("PRECOPY_INFO", serial.initialBytes(data), Errno.EINVAL);
        byte[] ports = serial.drain(data);
        assertThat(ports).hasSize(72);
        assertThat(ports[36 + SCRATCH]).isEqualTo((byte) 0x31);
    }

    @Test
    @Spec({"M-072", "C-099"})
    void shouldNotGoBackToCopyingWhileItRuns() {
        var serial = serial(DUAL);
        long data = serial.session(VFIO_DEVICE_STATE_STOP_COPY);
        for (int state : new int[] {VFIO_DEVICE_STATE_PRE_COPY, VFIO_DEVICE_STATE_PRE_COPY_P2P}) {
            refused("SET_STATE", serial.setState(state), Errno.EINVAL);
            assertThat(serial.dataFd()).isEqualTo(-1);
            assertThat(serial.state()).isEqualTo(VFIO_DEVICE_STATE_STOP_COPY);
        }
        assertThat(serial.drain(data)).as("the session goes on").hasSize(96);
    }

    @Test
    @Spec({"M-073", "C-102"})
    void shouldEndASessionThatIsLeft() {
        var serial = serial(DUAL);
        long first = serial.session(VFIO_DEVICE_STATE_STOP_COPY);
        long second = serial.session(VFIO_DEVICE_STATE_RESUMING);
        assertThat(second).isNotEqualTo(first);
        refused("read of the old data", system.read(first, system.memory(8)), Errno.ENODEV);
        require("RESET", serial.reset());
        refused("write of the old data", system.write(second, system.memory(8)), Errno.ENODEV);
        long third = serial.session(VFIO_DEVICE_STATE_PRE_COPY);
        require("SET_STATE", serial.setState(VFIO_DEVICE_STATE_RUNNING));
        refused("PRECOPY_INFO", serial.initialBytes(third), Errno.ENODEV);
        long fourth = serial.session(VFIO_DEVICE_STATE_PRE_COPY);
        refused("read of the old data", system.read(third, system.memory(8)), Errno.ENODEV);
        assertThat(serial.drain(fourth)).hasSize(24);
    }

    @Test
    @Spec({"M-074", "M-077"})
    void shouldRefuseDataOfAnotherDevice() {
        var single = serial(SINGLE);
        byte[] foreign = single.drain(single.session(VFIO_DEVICE_STATE_STOP_COPY));
        assertThat(foreign).hasSize(60);
        var serial = serial(DUAL);
        byte[] own = serial.drain(serial.session(VFIO_DEVICE_STATE_STOP_COPY));
        long data = serial.session(VFIO_DEVICE_STATE_RESUMING);
        assertThat(serial.load(data, foreign, 0, 23)).isEqualTo(23);
        refused("24th byte of a header of type 1", serial.load(data, foreign, 23, 1), Errno.EFAULT);
        data = serial.session(restarted(serial));
        byte[] bad = own.clone();
        bad[3] ^= 1;
        refused("bad magic", serial.load(data, bad, 0, bad.length), Errno.EFAULT);
        data = serial.session(restarted(serial));
        byte[] long97 = new byte[97];
        refused("97 bytes", serial.load(data, long97, 0, 97), Errno.ENOMEM);
        serial.loadAll(data, own);
        refused("one byte more", serial.load(data, own, 0, 1), Errno.ENOMEM);
    }

    /** Resets, so that the next session begins with nothing. */
    private static int restarted(SerialProgram serial) {
        require("RESET", serial.reset());
        return VFIO_DEVICE_STATE_RESUMING;
    }

    @Test
    @Spec({"M-075", "C-104"})
    void shouldStayInResumingWhileDataAreMissing() {
        var serial = serial(DUAL);
        byte[] own = serial.drain(serial.session(VFIO_DEVICE_STATE_STOP_COPY));
        long data = serial.session(VFIO_DEVICE_STATE_RESUMING);
        refused("without data", serial.setState(VFIO_DEVICE_STATE_STOP), Errno.EINVAL);
        assertThat(serial.dataFd()).isEqualTo(-1);
        assertThat(serial.load(data, own, 0, 95)).isEqualTo(95);
        refused("with a byte missing", serial.setState(VFIO_DEVICE_STATE_RUNNING), Errno.EINVAL);
        assertThat(serial.state()).isEqualTo(VFIO_DEVICE_STATE_RESUMING);
        require("RESET", serial.reset());
        assertThat(serial.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
        refused("the session ended", serial.load(data, own, 95, 1), Errno.ENODEV);
    }

    @Test
    @Spec("M-076")
    void shouldBeTheSameOnAnotherDevice() {
        var source = serial(DUAL);
        var target = serial(OTHER_DUAL);
        for (int port = 0; port < 2; port++) {
            int[][] writes = {{2, 1}, {1, 5 + port}, {3, 0x1b}, {4, 0x02}, {SCRATCH, 0x70 + port}, {0, 'x'}, {0, 'y'}};
            for (int[] write : writes) {
                require("pwrite", source.write(port, write[0], write[1]));
            }
        }
        target.loadAll(
                target.session(VFIO_DEVICE_STATE_RESUMING), source.drain(source.session(VFIO_DEVICE_STATE_STOP_COPY)));
        require("SET_STATE", target.setState(VFIO_DEVICE_STATE_RUNNING));
        require("SET_STATE", source.setState(VFIO_DEVICE_STATE_RUNNING));
        for (int port = 0; port < 2; port++) {
            assertThat(target.read(port, SCRATCH)).isEqualTo(0x70 + port);
            for (int register : new int[] {7, 6, 5, 4, 3, 2, 1, 0, 0, 5}) {
                assertThat(target.read(port, register))
                        .as("register %d of port %d", register, port)
                        .isEqualTo(source.read(port, register));
            }
        }
    }

    @Test
    @Spec({"C-100", "C-106"})
    void shouldKnowNoOtherStatesAndAnswerWithoutAFile() {
        var serial = serial(DUAL);
        for (int state : new int[] {VFIO_DEVICE_STATE_ERROR, VFIO_DEVICE_STATE_NR, 9, -1}) {
            refused("SET_STATE " + state, serial.setState(state), Errno.EINVAL);
            assertThat(serial.dataFd()).as("data_fd after the refusal").isEqualTo(-1);
            assertThat(serial.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
        }
        for (int state = VFIO_DEVICE_STATE_STOP; state < VFIO_DEVICE_STATE_NR; state++) {
            require("RESET", serial.reset());
            require("SET_STATE", serial.setState(state));
            assertThat(serial.state()).isEqualTo(state);
            assertThat(serial.dataFd()).as("data_fd of GET in state %d", state).isEqualTo(-1);
        }
    }

    @Test
    @Spec("C-109")
    void shouldTellTheEndForNowFromTheEnd() {
        var serial = serial(ENGINE);
        long data = serial.session(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(serial.drain(data)).isNotEmpty();
        refused("read before the device stops", system.read(data, system.memory(8)), Errno.ENOMSG);
        refused("pread", system.pread(data, system.memory(8), 0), Errno.ESPIPE);
        refused("write", system.write(data, system.memory(8)), Errno.EBADF);
        require("SET_STATE", serial.setState(VFIO_DEVICE_STATE_STOP_COPY));
        assertThat(serial.drain(data)).isNotEmpty();
        assertThat(system.read(data, system.memory(8))).as("read at the end").isZero();
        long other = serial.session(VFIO_DEVICE_STATE_RESUMING);
        refused("pwrite", system.pwrite(other, system.memory(8), 0), Errno.ESPIPE);
        refused("read", system.read(other, system.memory(8)), Errno.EBADF);
    }

    @Test
    @Spec("C-110")
    void shouldRunAgainAfterItsLastClose() {
        for (int state : new int[] {
            VFIO_DEVICE_STATE_PRE_COPY,
            VFIO_DEVICE_STATE_PRE_COPY_P2P,
            VFIO_DEVICE_STATE_STOP_COPY,
            VFIO_DEVICE_STATE_RESUMING
        }) {
            long file = bound(DUAL);
            var serial = new SerialProgram(system, file);
            require("SET_STATE", serial.setState(VFIO_DEVICE_STATE_RUNNING_P2P));
            long data = serial.session(state);
            require("close", system.close(file));
            boolean saving = state != VFIO_DEVICE_STATE_RESUMING;
            refused(
                    "data of a closed device",
                    saving ? system.read(data, system.memory(8)) : system.write(data, system.memory(8)),
                    Errno.ENODEV);
            file = bound(DUAL);
            assertThat(new SerialProgram(system, file).state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
            require("close", system.close(file));
        }
    }
}
