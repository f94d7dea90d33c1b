// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * One link of a capability chain (kernel: {@code vfio_info_cap_header} and what follows it).
 *
 * @param id capability id
 * @param version its version
 * @param body bytes after the 8-byte header, as they stand in memory
 */
@SuppressWarnings("ArrayRecordComponent")
public record InfoCapability(int id, int version, byte[] body) {}
