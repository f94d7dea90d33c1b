// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.uapi.VfioException;

class LspciDumpTest {
    private static final String LINE = " 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n";

    private static String sixtyFour() {
        return "00:03.0 Device 1234:11e8\n00:" + LINE + "10:" + LINE + "20:" + LINE + "30:" + LINE;
    }

    @Test
    void shouldReadBackWhatItPrints() {
        var random = new SplittableRandom(7);
        for (int size : new int[] {256, 4096}) {
            var config = new byte[size];
            random.nextBytes(config);
            var text = new StringBuilder();
            var address = new PciAddress(size == 256 ? 0 : 3, 0xab, 0x1f, 7);
            LspciDump.print(text, address, "Some bridge: of: Colons", config);
            var parsed = LspciDump.parse("d", text.toString());
            assertThat(parsed).containsOnlyKeys(address);
            var function = parsed.values().iterator().next();
            assertThat(function.config()).isEqualTo(config);
            assertThat(function.description()).isEqualTo("Some bridge: of: Colons");
        }
    }

    @Test
    void shouldDropCapabilitiesThatAnOrdinaryUserCannotSee() {
        String text = sixtyFour().replace("00: 00 01 02 03 04 05 06 07", "00: 00 01 02 03 04 05 10 07");
        var config = LspciDump.parse("d", text).values().iterator().next().config();
        assertThat(config).hasSize(256);
        assertThat(config[0x06]).as("STATUS says there is no capability list").isZero();
        assertThat(config[0x34]).isZero();
        assertThat(config[0x33]).isEqualTo((byte) 3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            nonsense                          | d:1: neither a function's heading
            00:03.0 x\\n10: 00                 | d:2: bytes from 0x10 of 0000:00:03.0 where those from 0x0 belong
            00:03.0 x\\n00: 00 11              | d:2: a line of 0000:00:03.0 has 2 bytes instead of 16
            00:03.0 x\\n00: zz                 | d:2: neither a function's heading nor bytes
            00:03.0 x\\n                       | d:1: the dump of 0000:00:03.0 has 0 bytes instead of 64, 256 or 4096
            \\n\\n                              | d: this is no output of lspci -xxxx
            """)
    void shouldNameLineOfMistake(String text, String sentence) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> LspciDump.parse("d", text.replace("\\n", "\n")))
                .withMessageContaining(sentence);
    }

    @Test
    void shouldRefuseFunctionCutOffInTheMiddle() {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> LspciDump.parse("d", sixtyFour() + "40:" + LINE))
                .withMessageContaining("d:1: the dump of 0000:00:03.0 has 80 bytes");
    }

    @Test
    void shouldRefuseFunctionGivenTwice() {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> LspciDump.parse("d", sixtyFour() + "\n" + sixtyFour()))
                .withMessageContaining("d:7: function 0000:00:03.0 is in the dump twice");
    }
}
