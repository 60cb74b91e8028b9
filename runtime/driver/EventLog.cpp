//===- EventLog.cpp -------------------------------------------------------===//
#include "EventLog.h"
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace torch_tidy::driver {

std::string json(const std::string &Text) {
  std::string Out = "\"";
  for (unsigned char C : Text) {
    if (C == '"' || C == '\\') {
      Out += '\\';
      Out += static_cast<char>(C);
    } else if (C < 0x20 || C >= 0x80) {
      // A cut multi-byte character would make the whole line unreadable.
      char Buffer[8];
      std::snprintf(Buffer, sizeof Buffer, "\\u%04x", C);
      Out += Buffer;
    } else {
      Out += static_cast<char>(C);
    }
  }
  return Out + '"';
}

EventLog::EventLog(const std::string &Path)
    : Path(Path), Fd(::open(Path.c_str(),
                            O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {}

void EventLog::write(const std::string &Line) {
  std::string Text = Line + "\n";
  if (::write(Fd, Text.data(), Text.size()) < 0)
    std::perror(Path.c_str());
}

std::vector<std::string> EventLog::fresh() {
  std::ifstream In(Path, std::ios::binary);
  In.seekg(Seen);
  std::vector<std::string> Lines;
  for (std::string Line; std::getline(In, Line);) {
    Seen += static_cast<std::streamoff>(Line.size()) + 1;
    Lines.push_back(std::move(Line));
  }
  return Lines;
}

bool parseThrown(const std::string &Line, Thrown &T) {
  if (Line.find("\"threw\"") == std::string::npos)
    return false;
  size_t Id = Line.find("\"id\":"), What = Line.find("\"what\":\"");
  if (Id == std::string::npos)
    return false;
  T.Id = std::atoi(Line.c_str() + Id + 5);
  // One that came out of another probed call is that call's.
  size_t From = Line.find("\"from\":");
  if (From != std::string::npos && std::atoi(Line.c_str() + From + 7) != T.Id)
    return false;
  T.What.clear();
  if (What == std::string::npos)
    return true;
  for (size_t I = What + 8; I < Line.size() && Line[I] != '"'; ++I) {
    if (Line[I] == '\\' && I + 1 < Line.size())
      ++I;
    T.What += Line[I];
  }
  return true;
}

bool parseOperand(const std::string &Line, SeenOperand &S) {
  size_t Id = Line.find("\"id\":"), Role = Line.find("\"role\":\"");
  if (Line.find("\"event\":\"operand\"") == Line.npos || Id == Line.npos ||
      Role == Line.npos)
    return false;
  S.Id = std::atoi(Line.c_str() + Id + 5);
  S.Role = Line.substr(Role + 8, Line.find('"', Role + 8) - Role - 8);
  S.IsModule = Line.find("\"module\":true") != Line.npos;
  S.OnCpu = Line.find("\"device\":\"cpu\"") != Line.npos;
  S.OnCuda = Line.find("\"device\":\"cuda") != Line.npos;
  return true;
}

} // namespace torch_tidy::driver
