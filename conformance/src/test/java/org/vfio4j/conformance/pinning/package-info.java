// SPDX-License-Identifier: Apache-2.0
/** A driver that pins user memory as its user wants, and what happens when that memory is unmapped at the same time. */
package org.vfio4j.conformance.pinning;
